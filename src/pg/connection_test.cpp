// SPDX-License-Identifier: Apache-2.0
#include "pg/connection.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "pg/pool.h"

namespace postrider::pg {
namespace {

class PgTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const char* conninfo = std::getenv("POSTRIDER_TEST_PG")) {
      options.conninfo = conninfo;
      return;
    }
    if (std::getenv("POSTRIDER_SHARED")) FAIL() << "POSTRIDER_SHARED is set and POSTRIDER_TEST_PG is not";
    GTEST_SKIP() << "POSTRIDER_TEST_PG is not set: run under tests/with-postgres";
  }
  std::unique_ptr<Connection> connect() { return Connection::open(options).value(); }
  // The server's process behind a connection.
  static std::int64_t pid(Connection& connection) {
    return connection.run("SELECT pg_backend_pid()", {})->integer(0, 0);
  }
  void terminate(std::int64_t pid) {
    ASSERT_TRUE(connect()->execute("SELECT pg_terminate_backend(" + std::to_string(pid) + ", 5000)").ok());
  }
  static std::optional<Code> code(const auto& result) {
    if (result.ok()) return std::nullopt;
    return result.error().code;
  }

  Options options;
};

TEST_F(PgTest, ValuesTravelInBinary) {
  auto connection = connect();
  Params params;
  params.integer(-5);
  params.text("grün");
  params.blob(std::string_view("\0\xff", 2));
  params.boolean(true);
  params.null();
  const auto answer =
      connection->run("SELECT $1::int8, $2::text, $3::bytea, $4::bool, $5::int8, (-7)::int2, 8::int4", params)
          .value();
  ASSERT_EQ(answer.rows(), 1);
  EXPECT_EQ(answer.integer(0, 0), -5);
  EXPECT_EQ(answer.bytes(0, 1), "grün");
  EXPECT_EQ(answer.bytes(0, 2), std::string_view("\0\xff", 2));
  EXPECT_EQ(answer.integer(0, 3), 1);
  EXPECT_TRUE(answer.null(0, 4));
  EXPECT_EQ(answer.integer(0, 5), -7);
  EXPECT_EQ(answer.integer(0, 6), 8);
  EXPECT_EQ(answer.type(1), Oid::text);
}

TEST_F(PgTest, ArraysTravelInBinary) {
  auto connection = connect();
  const std::string minus = binary(-1);
  const std::vector<std::optional<std::string_view>> values{minus, std::nullopt};
  Params params;
  params.array(Oid::int8, values);
  params.array(Oid::int8, {});
  const auto answer = connection->run("SELECT * FROM unnest($1::int8[] || $2::int8[])", params).value();
  ASSERT_EQ(answer.rows(), 2);
  EXPECT_EQ(answer.integer(0, 0), -1);
  EXPECT_TRUE(answer.null(1, 0));
}

TEST_F(PgTest, ErrorsHaveTheirKind) {
  auto connection = connect();
  EXPECT_EQ(code(connection->execute("SELECT 1/0")), Code::invalid);
  EXPECT_EQ(code(connection->execute("SELEC")), Code::internal);
  EXPECT_EQ(code(connection->execute("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$")), Code::exhausted);
  EXPECT_EQ(code(connection->execute("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$")), Code::unavailable);
  EXPECT_EQ(code(connection->execute("DO $$ BEGIN RAISE SQLSTATE '23505'; END $$")), Code::exists);
  EXPECT_FALSE(connection->broken());
  EXPECT_TRUE(connection->execute("SELECT 1").ok());
}

TEST_F(PgTest, AStatementHasItsTime) {
  options.statement_timeout = std::chrono::milliseconds(100);
  auto connection = connect();
  EXPECT_EQ(code(connection->execute("SELECT pg_sleep(10)")), Code::timeout);
  EXPECT_FALSE(connection->broken());
  EXPECT_TRUE(connection->execute("SELECT 1").ok());
}

// The server is stopped dead, so that nobody but our own patience ends the wait.
TEST_F(PgTest, ASilentServerIsGivenUp) {
  options.statement_timeout = std::chrono::milliseconds(100);
  auto connection = connect();
  ASSERT_TRUE(connection->execute("SET statement_timeout = 0").ok());
  EXPECT_EQ(code(connection->execute("SELECT pg_sleep(6)")), Code::timeout);
  EXPECT_TRUE(connection->broken());
}

TEST_F(PgTest, ACommitOfAFailedTransactionIsNone) {
  auto connection = connect();
  ASSERT_TRUE(connection->execute("BEGIN").ok());
  EXPECT_FALSE(connection->execute("SELECT 1/0").ok());
  EXPECT_EQ(code(connection->commit()), Code::internal);
}

TEST_F(PgTest, AConnectionLostInCommitIsAmbiguousElsewhereUnavailable) {
  auto connection = connect();
  ASSERT_TRUE(connection->execute("BEGIN").ok());
  terminate(pid(*connection));
  EXPECT_EQ(code(connection->commit()), Code::ambiguous);
  EXPECT_TRUE(connection->broken());

  connection = connect();
  terminate(pid(*connection));
  EXPECT_EQ(code(connection->execute("SELECT 1")), Code::unavailable);
  EXPECT_TRUE(connection->broken());
}

TEST_F(PgTest, NobodyListensIsUnavailable) {
  options.conninfo = "host=/nowhere dbname=postgres";
  EXPECT_EQ(code(Connection::open(options)), Code::unavailable);
}

// A primary that waits for a copy and is told to stop waiting has committed without it and says so in a
// warning.
TEST_F(PgTest, ACommitWithoutItsCopyIsAmbiguous) {
  auto admin = connect();
  ASSERT_TRUE(admin->execute("CREATE TABLE IF NOT EXISTS copy_test (n int8)").ok());
  auto wait_for_copies = [&](const std::string& names) {
    ASSERT_TRUE(admin->execute("ALTER SYSTEM SET synchronous_standby_names = '" + names + "'").ok());
    ASSERT_TRUE(admin->execute("SELECT pg_reload_conf()").ok());
  };
  auto connection = connect();
  const auto backend = std::to_string(pid(*connection));
  wait_for_copies("nobody");
  std::thread cancel([&] {
    auto other = connect();
    for (int i = 0; i < 100; ++i) {
      const auto waiting = other->run(
          "SELECT 1 WHERE EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND pid = " +
              backend + ")",
          {});
      if (waiting && waiting->rows() == 1) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    EXPECT_TRUE(other->execute("SELECT pg_cancel_backend(" + backend + ")").ok());
  });
  std::optional<Code> found;
  for (int i = 0; i < 50 && !found; ++i) {  // until the server has read its settings anew
    EXPECT_TRUE(connection->execute("BEGIN; INSERT INTO copy_test VALUES (1)").ok());
    found = code(connection->commit());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  cancel.join();
  wait_for_copies("");
  EXPECT_EQ(found, Code::ambiguous);
  EXPECT_FALSE(connection->broken());
}

TEST_F(PgTest, ThePoolLendsAndForgetsTheBroken) {
  options.statement_timeout = std::chrono::milliseconds(200);
  Pool pool(options, 2);
  auto first = pool.take().value();
  auto second = pool.take().value();
  EXPECT_EQ(code(pool.take()), Code::unavailable);
  const auto idle = pid(*second);
  pool.give_back(std::move(second));
  terminate(pid(*first));
  EXPECT_FALSE(first->execute("SELECT 1").ok());
  pool.give_back(std::move(first));
  auto fresh = pool.take().value();
  EXPECT_NE(pid(*fresh), idle);
  EXPECT_TRUE(pool.take().ok());
}

}  // namespace
}  // namespace postrider::pg

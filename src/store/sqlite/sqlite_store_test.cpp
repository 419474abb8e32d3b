// SPDX-License-Identifier: Apache-2.0
// What is SQLite's own; what it shares with PostgreSQL is in store_conformance_test.
#include "store/sqlite/sqlite_store.h"

#include <gtest/gtest.h>

#include <fstream>

#include "store/control_feed.h"
#include "testing/stores.h"

namespace postrider::store {
namespace {

using testing::test_time;

class SqliteTest : public ::testing::Test {
 protected:
  SqliteOptions options() const {
    return {.path = directory.path("store.db"), .busy = std::chrono::milliseconds(20)};
  }
  std::unique_ptr<Store> open() const {
    auto store = open_sqlite(options()).value();
    EXPECT_TRUE(store->migrate({}, test_time).ok());
    return store;
  }
  testing::TemporaryDirectory directory;
};

TEST_F(SqliteTest, OneWriterAtATimeTheOthersWaitAndGiveUp) {
  auto store = open();
  auto writing = store->begin(Mode::write);
  EXPECT_EQ(store->begin(Mode::write).error().code, Code::unavailable);
  EXPECT_TRUE(store->begin(Mode::read).ok());
  auto elsewhere = open_sqlite(options()).value();  // as another process would
  EXPECT_EQ(elsewhere->begin(Mode::write).error().code, Code::unavailable);
  writing = Error{};
  EXPECT_TRUE(store->begin(Mode::write).ok());
  EXPECT_TRUE(elsewhere->begin(Mode::write).ok());
}

TEST_F(SqliteTest, ReadersAreAsManyAsStated) {
  auto store = open();
  std::vector<Result<Transaction>> readers;
  for (int i = 0; i < 4; ++i) readers.push_back(store->begin(Mode::read));
  for (const auto& reader : readers) EXPECT_TRUE(reader.ok());
  EXPECT_EQ(store->begin(Mode::read).error().code, Code::unavailable);
  readers.clear();
  EXPECT_TRUE(store->begin(Mode::read).ok());
}

TEST_F(SqliteTest, AFileThatIsNoDatabaseIsCorrupt) {
  std::ofstream(directory.path("store.db")) << std::string(8192, 'x');
  EXPECT_EQ(open_sqlite(options()).error().code, Code::corrupt);
  EXPECT_EQ(open_sqlite({.path = directory.path("no/such/folder")}).error().code, Code::io);
}

}  // namespace
}  // namespace postrider::store

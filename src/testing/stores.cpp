// SPDX-License-Identifier: Apache-2.0
#include "testing/stores.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "pg/connection.h"
#include "store/postgres/postgres_store.h"
#include "store/sqlite/sqlite_store.h"

namespace postrider::testing {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().detail;
    std::abort();
  }
  return std::move(result).value();
}

class Memory final : public StoreEngine {
 public:
  std::unique_ptr<store::Store> open() override { return must(store::open_sqlite({.path = ":memory:"})); }
  bool durable() const override { return false; }
};

class SqliteFile final : public StoreEngine {
 public:
  std::unique_ptr<store::Store> open() override {
    return must(store::open_sqlite({.path = directory_.path("store.db"), .busy = std::chrono::seconds(2)}));
  }

 private:
  TemporaryDirectory directory_;
};

// A PostgreSQL schema with a name of its own in the test cluster.
class Postgres final : public StoreEngine {
 public:
  explicit Postgres(std::string conninfo) : conninfo_(std::move(conninfo)) {
    static int count = 0;
    schema_ = "test_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
    say("CREATE SCHEMA " + schema_);
  }
  ~Postgres() override { say("DROP SCHEMA " + schema_ + " CASCADE"); }
  std::unique_ptr<store::Store> open() override {
    return store::open_postgres(
        {.connection = {.conninfo = conninfo_, .search_path = schema_}, .connections = 4});
  }

 private:
  void say(const std::string& sql) const {
    must(must(pg::Connection::open({.conninfo = conninfo_}))->execute(sql));
  }

  std::string conninfo_;
  std::string schema_;
};

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  auto pattern = (std::filesystem::temp_directory_path() / "postrider-XXXXXX").string();
  if (!::mkdtemp(pattern.data())) std::abort();
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::unique_ptr<StoreEngine> make_engine(std::string_view name) {
  if (name == "memory") return std::make_unique<Memory>();
  if (name == "file") return std::make_unique<SqliteFile>();
  if (const char* conninfo = std::getenv("POSTRIDER_TEST_PG")) return std::make_unique<Postgres>(conninfo);
  if (std::getenv("POSTRIDER_SHARED"))
    ADD_FAILURE() << "POSTRIDER_SHARED is set and POSTRIDER_TEST_PG is not";
  return nullptr;
}

std::unique_ptr<store::Store> StoreTest::open(std::initializer_list<const store::Schema*> schemas) {
  auto store = engine_->open();
  const auto migrated = store->migrate(std::span(schemas.begin(), schemas.size()), test_time);
  EXPECT_TRUE(migrated.ok()) << (migrated ? "" : migrated.error().detail);
  return store;
}

}  // namespace postrider::testing

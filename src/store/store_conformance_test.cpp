// SPDX-License-Identifier: Apache-2.0
// What every engine of the store promises.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <thread>

#include "store/control_feed.h"
#include "store/store.h"
#include "testing/stores.h"

namespace postrider::store {
namespace {

using ::testing::ElementsAre;
using testing::StoreTest;

const Tenant one = recorded_tenant(TenantId{1});
const Tenant two = recorded_tenant(TenantId{2});

constexpr TenantSql put{"notes.put", Kind::system_write,
                        "INSERT INTO notes (tenant, name, body, seen, size) VALUES (?1, ?2, ?3, ?4, ?5)"};
constexpr TenantSql get{"notes.get", Kind::read,
                        "SELECT name, body, seen, size FROM notes WHERE tenant = ?1 AND name = ?2"};
constexpr TenantSql names{"notes.names", Kind::read,
                          "SELECT name FROM notes WHERE tenant = ?1 ORDER BY name"};
constexpr TenantSql rename_note{"notes.rename", Kind::person_write,
                                "UPDATE notes SET name = ?3 WHERE tenant = ?1 AND name = ?2"};
constexpr PlatformSql put_many{
    "notes.put_many", Kind::system_write,
    "INSERT INTO notes (tenant, name, body, seen, size) VALUES (?1, ?2, ?3, ?4, ?5) "
    "ON CONFLICT (tenant, name) DO UPDATE SET size = notes.size + excluded.size",
    "a batch for many tenants"};
constexpr PlatformSql total{"notes.total", Kind::read,
                            "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM notes",
                            "a count that names nobody"};
constexpr PlatformSql number{"numbers.add", Kind::system_write,
                             "INSERT INTO numbers (n) VALUES (?1) RETURNING id"};
constexpr PlatformSql increase{"numbers.increase", Kind::system_write,
                               "UPDATE numbers SET n = n + 1 WHERE id = 1"};
constexpr PlatformSql numbers{"numbers.all", Kind::read, "SELECT id, n FROM numbers ORDER BY id"};
constexpr PlatformSql forget_numbers{"numbers.forget", Kind::system_write, "DELETE FROM numbers"};
constexpr PlatformSql unlisted{"unlisted", Kind::read, "SELECT 1"};

Schema notes_schema(int migrations) {
  using enum DataClass;
  using enum Type;
  std::vector<Migration> all{
      {1,
       "notes",
       {CreateTable{"notes",
                    {{"tenant", integer, identifier, until_deleted},
                     {"name", text, personal_data, until_deleted},
                     {"body", blob, content, days(30), true},
                     {"seen", boolean, activity, days(30)},
                     {"size", integer, operational, with_parent}},
                    "tenant, name"},
        CreateIndex{"notes_by_size", "notes", "tenant, size", false, "size > 0"}}},
      {2,
       "numbers",
       {CreateTable{"numbers", {{"id", serial, identifier, forever}, {"n", integer, operational, forever}}},
        AddColumn{"notes", {"colour", text, configuration, until_deleted, false, "'none'"}}}}};
  all.resize(static_cast<std::size_t>(migrations));
  return {
      "test",
      all,
      {&put, &get, &names, &rename_note, &put_many, &total, &number, &increase, &numbers, &forget_numbers}};
}
const Schema schema = notes_schema(2);

// Stands for an AuditEntry.
struct Entry {
  Error fails = {};
  Result<void> record(Transaction&) const {
    if (!fails.detail.empty()) return fails;
    return {};
  }
};

Result<void> add(Store& store, const Tenant& tenant, std::string_view name, std::int64_t size) {
  return writing(store, [&](Transaction& tx) -> Result<void> {
    PR_TRY(tx.execute(put, tenant, name, nullptr, false, size));
    return tx.commit_system("test");
  });
}
std::vector<std::string> names_of(Store& store, const Tenant& tenant) {
  auto tx = store.begin(Mode::read);
  auto rows = tx->query(names, tenant);
  EXPECT_TRUE(rows.ok()) << rows.error().detail;
  std::vector<std::string> found;
  for (const auto& row : *rows) found.push_back(row.text(0));
  return found;
}
std::optional<Code> code(const auto& result) {
  if (result.ok()) return std::nullopt;
  return result.error().code;
}
#define ASSERT_OK(expression) \
  if (auto done = (expression); !done) FAIL() << done.error().detail

class Conformance : public StoreTest {};

TEST_P(Conformance, ValuesComeBackAsTheyWere) {
  auto store = open({&schema});
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte.push_back(static_cast<char>(i));
  {
    auto tx = store->begin(Mode::write);
    ASSERT_OK(tx->execute(put, one, "ünïcode '?1' $1", Blob{every_byte}, true,
                          std::numeric_limits<std::int64_t>::min()));
    ASSERT_OK(tx->execute(put, one, "", Blob{}, false, std::numeric_limits<std::int64_t>::max()));
    ASSERT_OK(tx->execute(put, one, "null", nullptr, true, -1));
    ASSERT_OK(tx->commit_system("test"));
  }
  auto tx = store->begin(Mode::read);
  const auto full = tx->query_one(get, one, "ünïcode '?1' $1").value().value();
  EXPECT_EQ(full.blob(1), every_byte);
  EXPECT_TRUE(full.boolean(2));
  EXPECT_EQ(full.integer(3), std::numeric_limits<std::int64_t>::min());
  const auto empty = tx->query_one(get, one, "").value().value();
  EXPECT_FALSE(empty.null(1));
  EXPECT_EQ(empty.blob(1), "");
  EXPECT_FALSE(empty.boolean(2));
  EXPECT_EQ(empty.integer(3), std::numeric_limits<std::int64_t>::max());
  EXPECT_TRUE(tx->query_one(get, one, "null").value().value().null(1));
  EXPECT_FALSE(tx->query_one(get, two, "null").value().has_value());
}

TEST_P(Conformance, WrongTypesAndTextThatIsNoTextAreInvalid) {
  auto store = open({&schema});
  auto refused = [&](const auto&... binds) {
    auto tx = store->begin(Mode::write);
    return code(tx->execute(put, one, binds...));
  };
  EXPECT_EQ(refused("x", nullptr, false, "no number"), Code::invalid);
  EXPECT_EQ(refused("x", "text", false, 1), Code::invalid);
  EXPECT_EQ(refused(nullptr, nullptr, false, 1), Code::invalid);
  EXPECT_EQ(refused("\xff", nullptr, false, 1), Code::invalid);
  EXPECT_EQ(refused(std::string_view("a\0b", 3), nullptr, false, 1), Code::invalid);
}

TEST_P(Conformance, UncommittedIsGone) {
  auto store = open({&schema});
  {
    auto tx = store->begin(Mode::write);
    ASSERT_OK(tx->execute(put, one, "a", nullptr, false, 1));
  }
  EXPECT_THAT(names_of(*store, one), ElementsAre());
  ASSERT_OK(add(*store, one, "b", 1));
  EXPECT_THAT(names_of(*store, one), ElementsAre("b"));
}

TEST_P(Conformance, ASecondOfAUniqueThingExistsAndEndsTheTransaction) {
  auto store = open({&schema});
  ASSERT_OK(add(*store, one, "a", 1));
  ASSERT_OK(add(*store, two, "a", 1));
  {
    auto tx = store->begin(Mode::write);
    ASSERT_OK(tx->execute(put, one, "b", nullptr, false, 1));
    EXPECT_EQ(code(tx->execute(put, one, "a", nullptr, false, 1)), Code::exists);
    EXPECT_EQ(code(tx->execute(put, one, "c", nullptr, false, 1)), Code::internal);
    EXPECT_EQ(code(tx->commit_system("test")), Code::internal);
  }
  EXPECT_THAT(names_of(*store, one), ElementsAre("a"));
}

TEST_P(Conformance, BatchesWriteManyRowsAndUpsert) {
  auto store = open({&schema});
  ASSERT_OK(add(*store, one, "name 7", 1000));
  std::vector<std::string> kept;
  for (int i = 0; i < 1000; ++i) kept.push_back("name " + std::to_string(i));
  using enum Batch::Column;
  Batch batch{integer, text, blob, boolean, integer};
  for (int i = 0; i < 1000; ++i)
    batch.add(one, kept[static_cast<std::size_t>(i)],
              i % 2 ? Bind(Blob{kept[static_cast<std::size_t>(i)]}) : Bind(nullptr), i % 3 == 0, i);
  ASSERT_OK(writing(*store, [&](Transaction& tx) -> Result<void> {
    PR_TRY(tx.insert(put_many, batch));
    return tx.commit_system("test");
  }));
  auto tx = store->begin(Mode::read);
  EXPECT_EQ(tx->query(names, one)->size(), 1000u);
  EXPECT_EQ(tx->query_one(total)->value().integer(0), 999 * 1000 / 2 + 1000);
  EXPECT_EQ(tx->query_one(get, one, "name 7")->value().integer(3), 1007);
  const auto nine = tx->query_one(get, one, "name 9")->value();
  EXPECT_EQ(nine.blob(1), "name 9");
  EXPECT_TRUE(nine.boolean(2));
  EXPECT_TRUE(tx->query_one(get, one, "name 8")->value().null(1));
}

TEST_P(Conformance, ABatchIsWholeAndOfTheStatedTypes) {
  auto store = open({&schema});
  using enum Batch::Column;
  Batch torn{integer, text, blob, boolean, integer};
  torn.add(one, "a", nullptr);
  EXPECT_EQ(code(store->begin(Mode::write)->insert(put_many, torn)), Code::internal);
  Batch empty{integer, text, blob, boolean, integer};
  EXPECT_TRUE(store->begin(Mode::write)->insert(put_many, empty).ok());
}

TEST_P(Conformance, SerialNumbersRiseAndAreNeverReused) {
  auto store = open({&schema});
  auto add_number = [&] {
    return writing(*store, [&](Transaction& tx) -> Result<std::int64_t> {
      auto row = PR_TRY(tx.query_one(number, 7));
      PR_TRY(tx.commit_system("test"));
      return row->integer(0);
    });
  };
  EXPECT_EQ(*add_number(), 1);
  EXPECT_EQ(*add_number(), 2);
  ASSERT_OK(writing(*store, [](Transaction& tx) -> Result<void> {
    EXPECT_EQ(*tx.execute(forget_numbers), 2);
    return tx.commit_system("test");
  }));
  EXPECT_EQ(*add_number(), 3);
}

TEST_P(Conformance, APersonsChangeNeedsItsEntry) {
  auto store = open({&schema});
  ASSERT_OK(add(*store, one, "a", 1));
  {
    auto tx = store->begin(Mode::write);
    EXPECT_EQ(*tx->execute(rename_note, one, "a", "b"), 1);
    EXPECT_EQ(code(tx->commit_system("nobody did it")), Code::internal);
  }
  {
    auto tx = store->begin(Mode::write);
    EXPECT_EQ(*tx->execute(rename_note, one, "a", "b"), 1);
    EXPECT_EQ(code(tx->commit(Entry{{Code::exhausted, "no room for the entry"}})), Code::exhausted);
  }
  EXPECT_THAT(names_of(*store, one), ElementsAre("a"));
  {
    auto tx = store->begin(Mode::write);
    EXPECT_EQ(*tx->execute(rename_note, one, "a", "b"), 1);
    ASSERT_OK(tx->commit(Entry{}));
    EXPECT_EQ(code(tx->commit(Entry{})), Code::internal);  // it is over
  }
  EXPECT_THAT(names_of(*store, one), ElementsAre("b"));
}

TEST_P(Conformance, OnlyListedStatementsRunAndReadersOnlyRead) {
  auto store = open({&schema});
  auto tx = store->begin(Mode::read);
  EXPECT_EQ(code(tx->query(unlisted)), Code::internal);
  EXPECT_EQ(code(tx->execute(put, one, "a", nullptr, false, 1)), Code::internal);
}

TEST_P(Conformance, AReadingTransactionSeesOneMoment) {
  if (std::string_view(GetParam()) == "memory") return;  // it has one connection
  auto store = open({&schema});
  ASSERT_OK(add(*store, one, "a", 1));
  auto tx = store->begin(Mode::read);
  EXPECT_EQ(tx->query(names, one)->size(), 1u);
  ASSERT_OK(add(*store, one, "b", 1));
  EXPECT_EQ(tx->query(names, one)->size(), 1u);
  EXPECT_EQ(names_of(*store, one).size(), 2u);
}

TEST_P(Conformance, WritersOnManyThreadsLoseNothing) {
  auto store = open({&schema});
  ASSERT_OK(writing(*store, [](Transaction& tx) -> Result<void> {
    PR_TRY(tx.execute(number, 0));
    return tx.commit_system("test");
  }));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const auto done = writing(*store, [](Transaction& tx) -> Result<void> {
          PR_TRY(tx.execute(increase));
          return tx.commit_system("test");
        });
        EXPECT_TRUE(done.ok()) << done.error().detail;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(store->begin(Mode::read)->query(numbers)->front().integer(1), 200);
}

TEST_P(Conformance, TransactRunsAgainWhileThatHelps) {
  auto store = open({&schema});
  int runs = 0;
  ASSERT_OK(writing(*store, [&](Transaction& tx) -> Result<void> {
    PR_TRY(tx.execute(put, one, "a", nullptr, false, 1));
    if (++runs < 3) return Error{Code::unavailable, "busy"};
    return tx.commit_system("test");
  }));
  EXPECT_EQ(runs, 3);
  EXPECT_THAT(names_of(*store, one), ElementsAre("a"));
  runs = 0;
  auto fail_with = [&](Code why) {
    return code(reading(*store, [&](Transaction&) -> Result<void> {
      ++runs;
      return Error{why, "no"};
    }));
  };
  EXPECT_EQ(fail_with(Code::unavailable), Code::unavailable);
  EXPECT_EQ(runs, 5);
  EXPECT_EQ(fail_with(Code::ambiguous), Code::ambiguous);
  EXPECT_EQ(runs, 6);
}

TEST_P(Conformance, CommittedOutlivesTheStore) {
  if (!engine().durable()) return;  // nothing to find again
  {
    auto store = open({&schema});
    ASSERT_OK(add(*store, one, "a", 1));
  }
  auto store = open({&schema});
  EXPECT_THAT(names_of(*store, one), ElementsAre("a"));
}

TEST_P(Conformance, TheRealColumnsAreTheInventory) {
  auto store = open({&schema});
  std::vector<Session::RealColumn> declared;
  const Schema* const all[] = {&own_schema(), &schema};
  for (const auto& line : inventory(all))
    declared.push_back({std::string(line.table), std::string(line.column.name)});
  EXPECT_THAT(store->columns().value(), ::testing::UnorderedElementsAreArray(declared));
}

// Each on a fresh store: with :memory: the first migrate() is all that runs.
TEST_P(Conformance, MigrationsRunOnceAndGoForward) {
  if (!engine().durable()) return;  // nothing to find again
  const Schema first = notes_schema(1);
  {
    auto store = open({&first});
    ASSERT_OK(add(*store, one, "a", 1));
  }
  {
    auto store = open({&schema});
    EXPECT_THAT(names_of(*store, one), ElementsAre("a"));
  }
  const Schema* const older[] = {&first};
  EXPECT_EQ(code(engine().open()->migrate(older, testing::test_time)), Code::invalid);
}

TEST_P(Conformance, AnUnclassifiedColumnIsRefused) {
  Schema sly = notes_schema(2);
  sly.migrations.push_back({3, "sly", {store::Run{"ALTER TABLE notes ADD COLUMN password TEXT"}}});
  auto store = engine().open();
  const Schema* const all[] = {&sly};
  const auto refused = store->migrate(all, testing::test_time);
  EXPECT_EQ(code(refused), Code::corrupt);
  EXPECT_THAT(refused.error().detail, ::testing::HasSubstr("notes.password"));
  EXPECT_TRUE(store->columns()->empty());  // nothing of it was done
}

TEST_P(Conformance, TheFeedTellsWhatCommittedInOrder) {
  auto store = open({&schema});
  ControlFeed feed(*store);
  EXPECT_EQ(*feed.newest(), 0);
  const Change key{ChangeKind::key, one.id(), "k"};
  const Change pool{ChangeKind::pool, two.id(), ""};
  {
    auto tx = store->begin(Mode::write);
    tx->announce(key);
  }
  EXPECT_EQ(*feed.newest(), 0);
  for (int i = 0; i < 3; ++i) {
    auto tx = store->begin(Mode::write);
    tx->announce(key);
    tx->announce(pool);
    ASSERT_OK(tx->commit_system("test"));
  }
  EXPECT_EQ(*feed.newest(), 6);
  const auto some = feed.changes_after(3, 2).value();
  ASSERT_EQ(some.size(), 2u);
  EXPECT_EQ(some[0].n, 4);
  EXPECT_EQ(some[0].change, pool);
  EXPECT_EQ(some[1].n, 5);
  EXPECT_EQ(some[1].change, key);
  EXPECT_TRUE(feed.changes_after(6)->empty());

  ASSERT_OK(feed.forget(4));
  ASSERT_OK(feed.forget(2));    // already
  ASSERT_OK(feed.forget(100));  // not there yet
  EXPECT_EQ(code(feed.changes_after(3)), Code::not_found);
  EXPECT_EQ(feed.changes_after(4)->size(), 2u);
  EXPECT_EQ(*feed.newest(), 6);
}

TEST_P(Conformance, AFollowerOfTheFeedMissesNothing) {
  auto store = open({&schema});
  constexpr int threads = 3;
  constexpr int each = 40;
  std::vector<std::thread> writers;
  for (int t = 0; t < threads; ++t)
    writers.emplace_back([&, t] {
      for (int i = 0; i < each; ++i) {
        const auto done = writing(*store, [&](Transaction& tx) -> Result<void> {
          tx.announce({ChangeKind::suppression, TenantId{static_cast<std::uint64_t>(t)}, std::to_string(i)});
          return tx.commit_system("test");
        });
        EXPECT_TRUE(done.ok()) << done.error().detail;
      }
    });
  ControlFeed feed(*store);
  std::int64_t seen = 0;
  while (seen < threads * each && !HasFailure()) {
    const auto found = feed.changes_after(seen);
    ASSERT_TRUE(found.ok()) << found.error().detail;
    for (const auto& change : *found) ASSERT_EQ(change.n, ++seen);
  }
  for (auto& writer : writers) writer.join();
}

INSTANTIATE_TEST_SUITE_P(Engines, Conformance, testing::engines, testing::engine_name);

}  // namespace
}  // namespace postrider::store

// SPDX-License-Identifier: Apache-2.0
#include "testing/disk_vfs.h"

#include <gtest/gtest.h>

#include <optional>

#include "store/sqlite/sqlite_store.h"
#include "testing/fake_clock.h"
#include "testing/faulty_disk.h"

namespace postrider::testing {
namespace {

using namespace store;

constexpr PlatformSql put{"rows.put", Kind::system_write, "INSERT INTO rows (n, body) VALUES (?1, ?2)"};
constexpr PlatformSql all{"rows.all", Kind::read, "SELECT n, body FROM rows ORDER BY n"};
constexpr PlatformSql random_number{"rows.random", Kind::read, "SELECT RANDOM()"};

const Schema schema{"test",
                    {{1,
                      "rows",
                      {CreateTable{"rows",
                                   {{"n", Type::integer, DataClass::operational, forever},
                                    {"body", Type::blob, DataClass::content, forever}},
                                   "n"}}}},
                    {&put, &all, &random_number}};
const Schema* const schemas[] = {&schema};

// A machine with one store on a disk that may crash.
struct Machine {
  explicit Machine(std::uint64_t seed) : disk(seed), random(seed ^ 1) {}
  Result<void> start() {
    vfs.emplace(disk, clock, random);
    store = PR_TRY(open_sqlite({.path = "store.db", .vfs = vfs->name(), .readers = 0}));
    return store->migrate(schemas, clock.wall());
  }
  void crash() {
    disk.crash();
    store.reset();
    vfs.reset();
  }
  Result<void> add(std::int64_t n, std::string_view body) {
    return writing(*store, [&](Transaction& tx) -> Result<void> {
      PR_TRY(tx.execute(put, n, Blob{body}));
      return tx.commit_system("test");
    });
  }
  std::int64_t rows() {
    return writing(*store,
                   [&](Transaction& tx) -> Result<std::int64_t> {
                     const auto found = PR_TRY(tx.query(all));
                     for (std::size_t i = 0; i < found.size(); ++i)
                       EXPECT_EQ(found[i].integer(0), static_cast<std::int64_t>(i));
                     return static_cast<std::int64_t>(found.size());
                   })
        .value();
  }

  FaultyDisk disk;
  FakeClock clock;
  SeededRandom random;
  std::optional<DiskVfs> vfs;
  std::unique_ptr<Store> store;
};

TEST(DiskVfs, CommittedOutlivesEveryCrash) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Machine machine(seed);
    std::int64_t committed = 0;
    for (int life = 0; life < 4; ++life) {
      const auto started = machine.start();
      ASSERT_TRUE(started.ok()) << "seed " << seed << ": " << started.error().detail;
      ASSERT_EQ(machine.rows(), committed) << "seed " << seed;
      for (auto more = machine.random.between(0, 20); more > 0; --more) {
        const std::string body(machine.random.between(0, 9000), 'x');
        ASSERT_TRUE(machine.add(committed++, body).ok());
      }
      auto cut_off = machine.store->begin(Mode::write);
      ASSERT_TRUE(cut_off->execute(put, committed, Blob{"never committed"}).ok());
      machine.disk.crash();
      EXPECT_FALSE(cut_off->commit_system("test").ok());
      cut_off = Error{};
      machine.crash();
    }
  }
}

// A crash at each single operation of a commit: afterwards the row is there or not, and all before it is.
TEST(DiskVfs, ACrashAnywhereInACommitLeavesAllOrNothing) {
  bool finished = false;
  for (std::uint64_t at = 0; !finished; ++at) {
    Machine machine(at);
    ASSERT_TRUE(machine.start().ok());
    ASSERT_TRUE(machine.add(0, std::string(5000, 'a')).ok());
    std::uint64_t operation = 0;
    machine.disk.on_operation([&](DiskOperation, std::string_view) {
      if (operation++ == at) machine.disk.crash();
    });
    finished = machine.add(1, std::string(20000, 'b')).ok();
    machine.disk.on_operation({});
    machine.crash();
    ASSERT_TRUE(machine.start().ok()) << "operation " << at;
    const auto rows = machine.rows();
    EXPECT_TRUE(rows == 2 || (rows == 1 && !finished)) << "operation " << at;
    ASSERT_LT(at, 1000u);
    if (finished) EXPECT_GT(at, 5u);  // pages of the log and its sync
  }
}

TEST(DiskVfs, AFailedSyncIsAmbiguousAndStopsWriting) {
  Machine machine(1);
  ASSERT_TRUE(machine.start().ok());
  ASSERT_TRUE(machine.add(0, "a").ok());
  machine.disk.fail({.operations = on({DiskOperation::sync})});
  EXPECT_EQ(machine.add(1, "b").error().code, Code::ambiguous);
  EXPECT_EQ(machine.add(2, "c").error().code, Code::io);
  machine.crash();
  ASSERT_TRUE(machine.start().ok());
  EXPECT_LE(machine.rows(), 2);
  EXPECT_GE(machine.rows(), 1);
}

TEST(DiskVfs, AFullDiskIsExhaustedAndRecovers) {
  Machine machine(1);
  ASSERT_TRUE(machine.start().ok());
  machine.disk.set_capacity(200'000);
  const std::string body(50'000, 'x');
  std::int64_t rows = 0;
  Result<void> last;
  while ((last = machine.add(rows, body)).ok()) ++rows;
  EXPECT_EQ(last.error().code, Code::exhausted);
  EXPECT_GT(rows, 0);
  machine.disk.set_capacity(1 << 30);
  EXPECT_TRUE(machine.add(rows, body).ok());
  EXPECT_EQ(machine.rows(), rows + 1);
}

TEST(DiskVfs, OneSeedIsOneRun) {
  auto run = [](std::uint64_t seed) {
    Machine machine(seed);
    EXPECT_TRUE(machine.start().ok());
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(machine.add(i, "body").ok());
    const auto number = machine.store->begin(Mode::read)->query_one(random_number)->value().integer(0);
    auto file = machine.disk.open("store.db-wal", Open::existing).value();
    std::string bytes(file->size().value(), '\0');
    EXPECT_TRUE(file->read(0, bytes).ok());
    return std::pair(number, bytes);
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
}

}  // namespace
}  // namespace postrider::testing

// SPDX-License-Identifier: Apache-2.0
#include "testing/faulty_disk.h"

#include <gtest/gtest.h>

#include <set>

#include "testing/fail_every_io.h"

namespace postrider::testing {
namespace {

std::unique_ptr<File> create(FaultyDisk& disk, std::string_view path) {
  auto file = disk.open(path, Open::create_or_open);
  EXPECT_TRUE(file.ok());
  return std::move(file).value();
}

std::unique_ptr<File> create_durable(FaultyDisk& disk, std::string_view path, std::string_view bytes) {
  auto file = create(disk, path);
  EXPECT_TRUE(file->write(0, bytes).ok());
  EXPECT_TRUE(file->sync().ok());
  EXPECT_TRUE(disk.sync_directory("").ok());
  return file;
}

std::string content(File& file) {
  std::string bytes(1 << 16, '?');
  auto count = file.read(0, bytes);
  if (!count.ok()) return "error: " + std::string(name(count.error().code));
  bytes.resize(*count);
  return bytes;
}

std::string content(FaultyDisk& disk, std::string_view path) {
  auto file = disk.open(path, Open::existing);
  return file.ok() ? content(**file) : "error: " + std::string(name(file.error().code));
}

std::string sector_of(char c) {
  return std::string(Sectors::sector, c);
}

TEST(FaultyDisk, ReadsWhatWasWrittenAcrossPages) {
  FaultyDisk disk;
  auto file = create(disk, "a");
  std::string bytes;
  for (int i = 0; i < 3000; ++i) bytes += std::to_string(i);
  ASSERT_TRUE(file->write(5000, bytes).ok());
  EXPECT_EQ(content(*file), std::string(5000, '\0') + bytes);
  EXPECT_EQ(*file->size(), 5000 + bytes.size());
  ASSERT_TRUE(file->truncate(5004).ok());
  EXPECT_EQ(content(*file), std::string(5000, '\0') + "0123");
  ASSERT_TRUE(file->truncate(5006).ok());
  EXPECT_EQ(content(*file), std::string(5000, '\0') + "0123" + std::string(2, '\0'));
}

TEST(FaultyDisk, SyncedBytesSurviveAPowerCut) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    FaultyDisk disk(seed);
    create_durable(disk, "a", "durable");
    disk.crash();
    EXPECT_EQ(content(disk, "a"), "durable");
  }
}

TEST(FaultyDisk, PowerCutTearsAndReordersUnsyncedSectors) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    FaultyDisk disk(seed);
    auto file = create_durable(disk, "a", sector_of('a') + sector_of('b') + sector_of('c'));
    ASSERT_TRUE(file->write(0, sector_of('A') + sector_of('B') + sector_of('C')).ok());
    disk.crash();
    const auto bytes = content(disk, "a");
    ASSERT_EQ(bytes.size(), 3 * Sectors::sector);
    std::string letters;
    for (std::size_t i = 0; i < 3; ++i) {
      letters += bytes[i * Sectors::sector];
      EXPECT_EQ(bytes.substr(i * Sectors::sector, Sectors::sector), sector_of(letters.back()))
          << "a sector is atomic";
    }
    seen.insert(letters);
  }
  EXPECT_EQ(seen.size(), 8u) << "every combination happens";
}

TEST(FaultyDisk, PowerCutDecidesAboutTheSizeToo) {
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    FaultyDisk disk(seed);
    auto file = create_durable(disk, "a", "12345");
    ASSERT_TRUE(file->write(5, "67890").ok());
    disk.crash();
    const auto bytes = content(disk, "a");
    EXPECT_EQ(bytes.substr(0, 5), "12345");
    if (bytes.size() == 10)
      EXPECT_TRUE(bytes.substr(5) == "67890" || bytes.substr(5) == std::string(5, '\0'));
    sizes.insert(bytes.size());
  }
  EXPECT_EQ(sizes, (std::set<std::size_t>{5, 10}));
}

TEST(FaultyDisk, UnsyncedTruncationMayComeBack) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    FaultyDisk disk(seed);
    auto file = create_durable(disk, "a", "old bytes");
    ASSERT_TRUE(file->truncate(0).ok());
    disk.crash();
    seen.insert(content(disk, "a"));
  }
  EXPECT_TRUE(seen.contains(""));
  EXPECT_TRUE(seen.contains("old bytes"));
}

TEST(FaultyDisk, FateCanBeChosen) {
  FaultyDisk disk;
  auto file = create_durable(disk, "a", "old");
  ASSERT_TRUE(file->write(0, "new").ok());
  disk.crash(Unsynced::lost);
  EXPECT_EQ(content(disk, "a"), "old");
  file = create(disk, "a");
  ASSERT_TRUE(file->write(0, "new").ok());
  disk.crash(Unsynced::kept);
  EXPECT_EQ(content(disk, "a"), "new");
}

TEST(FaultyDisk, ProcessDeathKeepsTheCache) {
  FaultyDisk disk;
  auto file = create(disk, "a");
  ASSERT_TRUE(file->write(0, "unsynced").ok());
  disk.kill();
  EXPECT_EQ(content(disk, "a"), "unsynced");
}

TEST(FaultyDisk, HandlesAreDeadAfterCrashAndKill) {
  FaultyDisk disk;
  auto first = create_durable(disk, "a", "x");
  disk.kill();
  auto second = create(disk, "a");
  disk.crash();
  for (auto* file : {first.get(), second.get()}) {
    EXPECT_EQ(file->write(0, "y").error().code, Code::closed);
    EXPECT_EQ(file->sync().error().code, Code::closed);
    EXPECT_EQ(file->size().error().code, Code::closed);
    EXPECT_EQ(content(*file), "error: closed");
  }
  EXPECT_EQ(content(disk, "a"), "x");
}

TEST(FaultyDisk, NamesNeedTheirDirectorySynced) {
  bool lost = false, kept = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    FaultyDisk disk(seed);
    auto file = create(disk, "a");
    ASSERT_TRUE(file->write(0, "x").ok());
    ASSERT_TRUE(file->sync().ok());
    disk.crash();
    const auto bytes = content(disk, "a");
    lost |= bytes == "error: not_found";
    kept |= bytes == "x";
  }
  EXPECT_TRUE(lost && kept);
}

TEST(FaultyDisk, RenameIsAtomicButNotDurable) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    FaultyDisk disk(seed);
    create_durable(disk, "a", "old");
    create_durable(disk, "a.new", "new");
    ASSERT_TRUE(disk.rename("a.new", "a").ok());
    EXPECT_EQ(content(disk, "a"), "new");
    disk.crash();
    const auto bytes = content(disk, "a");
    EXPECT_EQ(content(disk, "a.new"), bytes == "new" ? "error: not_found" : "new");
    seen.insert(bytes);
  }
  EXPECT_EQ(seen, (std::set<std::string>{"old", "new"}));
}

TEST(FaultyDisk, RemoveMayBeUndoneUntilTheDirectoryIsSynced) {
  FaultyDisk disk;
  create_durable(disk, "a", "x");
  ASSERT_TRUE(disk.remove("a").ok());
  EXPECT_EQ(content(disk, "a"), "error: not_found");
  disk.crash(Unsynced::lost);
  EXPECT_EQ(content(disk, "a"), "x");
  ASSERT_TRUE(disk.remove("a").ok());
  ASSERT_TRUE(disk.sync_directory(".").ok());
  disk.crash(Unsynced::lost);
  EXPECT_EQ(content(disk, "a"), "error: not_found");
}

TEST(FaultyDisk, ADirectoryThatIsNotSyncedTakesItsFilesAlong) {
  FaultyDisk disk;
  ASSERT_TRUE(disk.make_directory("d").ok());
  ASSERT_TRUE(disk.make_directory("d").ok());
  auto file = create(disk, "d/a");
  ASSERT_TRUE(file->sync().ok());
  ASSERT_TRUE(disk.sync_directory("d").ok());
  disk.crash(Unsynced::lost);
  EXPECT_EQ(disk.list("d").error().code, Code::not_found);
  EXPECT_EQ(content(disk, "d/a"), "error: not_found");
}

TEST(FaultyDisk, ListsFilesOfOneDirectorySorted) {
  FaultyDisk disk;
  ASSERT_TRUE(disk.make_directory("d").ok());
  ASSERT_TRUE(disk.make_directory("d/e").ok());
  for (auto path : {"d/b", "d/a", "d/e/c", "top"}) create(disk, path);
  EXPECT_EQ(*disk.list("d"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(*disk.list(""), (std::vector<std::string>{"top"}));
  EXPECT_EQ(disk.open("missing/a", Open::create_new).error().code, Code::not_found);
  EXPECT_EQ(disk.open("d/a", Open::create_new).error().code, Code::exists);
}

TEST(FaultyDisk, FailsTheOperationAskedFor) {
  FaultyDisk disk;
  ASSERT_TRUE(disk.make_directory("d").ok());
  auto a = create(disk, "d/a");
  auto b = create(disk, "b");
  disk.fail({.operations = on({DiskOperation::write}), .prefix = "d/", .after = 1, .code = Code::exhausted});
  EXPECT_TRUE(b->write(0, "1").ok());
  EXPECT_TRUE(a->write(0, "1").ok());
  EXPECT_TRUE(b->write(0, "2").ok());
  EXPECT_EQ(a->write(0, "2").error().code, Code::exhausted);
  EXPECT_TRUE(a->write(0, "3").ok());
  EXPECT_EQ(disk.failed(), 1u);
  disk.fail({.operations = on({DiskOperation::open, DiskOperation::rename}), .times = 2});
  EXPECT_EQ(disk.open("b", Open::existing).error().code, Code::io);
  EXPECT_EQ(disk.rename("b", "c").error().code, Code::io);
  EXPECT_TRUE(disk.rename("b", "c").ok());
}

TEST(FaultyDisk, AFailedWriteMayLeaveAPart) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    FaultyDisk disk(seed);
    auto file = create(disk, "a");
    disk.fail({.operations = on({DiskOperation::write})});
    EXPECT_FALSE(file->write(0, "ab").ok());
    seen.insert(content(*file));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"", "a", "ab"}));
}

TEST(FaultyDisk, AFailedSyncLosesTheBytesAndTheNextOneLies) {
  FaultyDisk disk;
  auto file = create_durable(disk, "a", "old");
  ASSERT_TRUE(file->write(0, "new").ok());
  disk.fail({.operations = on({DiskOperation::sync})});
  EXPECT_EQ(file->sync().error().code, Code::io);
  EXPECT_EQ(content(*file), "new") << "the cache still shows them";
  EXPECT_TRUE(file->sync().ok()) << "the lie";
  ASSERT_TRUE(file->drop_cache().ok());
  EXPECT_EQ(content(*file), "old");
  disk.crash(Unsynced::kept);
  EXPECT_EQ(content(disk, "a"), "old");
}

TEST(FaultyDisk, WritingAgainAfterAFailedSyncIsDurable) {
  FaultyDisk disk;
  auto file = create_durable(disk, "a", "old");
  ASSERT_TRUE(file->write(0, "new").ok());
  disk.fail({.operations = on({DiskOperation::sync})});
  EXPECT_FALSE(file->sync().ok());
  ASSERT_TRUE(file->write(0, "newer").ok());
  EXPECT_TRUE(file->sync().ok());
  disk.crash(Unsynced::lost);
  EXPECT_EQ(content(disk, "a"), "newer");
}

TEST(FaultyDisk, DropCacheKeepsUnsyncedBytes) {
  FaultyDisk disk;
  auto file = create_durable(disk, "a", "old");
  ASSERT_TRUE(file->write(0, "new").ok());
  ASSERT_TRUE(file->drop_cache().ok());
  EXPECT_EQ(content(*file), "new");
}

TEST(FaultyDisk, RunsOutOfSpace) {
  FaultyDisk disk(0, 1000);
  auto a = create(disk, "a");
  ASSERT_TRUE(a->allocate(600).ok());
  EXPECT_EQ(disk.space()->total, 1000u);
  EXPECT_EQ(disk.space()->free, 400u);
  auto b = create(disk, "b");
  EXPECT_EQ(b->allocate(401).error().code, Code::exhausted);
  EXPECT_EQ(b->write(0, std::string(500, 'x')).error().code, Code::exhausted);
  EXPECT_EQ(content(*b), std::string(400, 'x')) << "what fitted was written";
  EXPECT_TRUE(a->write(0, std::string(600, 'y')).ok()) << "allocated before";
  ASSERT_TRUE(disk.remove("b").ok());
  EXPECT_EQ(disk.space()->free, 400u);
  ASSERT_TRUE(a->truncate(100).ok());
  EXPECT_EQ(disk.space()->free, 900u);
  ASSERT_TRUE(disk.sync_directory("").ok());
  disk.crash(Unsynced::kept);
  EXPECT_EQ(disk.space()->free, 900u);
  disk.set_capacity(50);
  EXPECT_EQ(disk.space()->free, 0u);
}

TEST(FaultyDisk, BitRotShowsWhenTheCacheIsDropped) {
  FaultyDisk disk(7);
  ASSERT_TRUE(disk.make_directory("keys").ok());
  auto a = create_durable(disk, "keys/a", std::string(2000, 'a'));
  auto b = create_durable(disk, "other", std::string(2000, 'b'));
  EXPECT_EQ(disk.rot("keys/", 1), 1u);
  EXPECT_EQ(content(*a), std::string(2000, 'a'));
  disk.drop_caches();
  const auto rotten = content(*a);
  int differing = 0;
  for (char c : rotten) differing += c != 'a';
  EXPECT_EQ(differing, 1);
  EXPECT_EQ(content(*b), std::string(2000, 'b'));
  EXPECT_EQ(disk.rot("nothing", 1), 0u);
  disk.rot_at("other", 3);
  disk.crash();
  EXPECT_EQ(content(disk, "other").substr(2, 3), "bcb");
}

TEST(FaultyDisk, AWriteHealsItsRottenSector) {
  FaultyDisk disk;
  auto file = create_durable(disk, "a", std::string(1024, 'a'));
  disk.rot_at("a", 700);
  ASSERT_TRUE(file->write(600, "bb").ok());
  ASSERT_TRUE(file->sync().ok());
  ASSERT_TRUE(file->drop_cache().ok());
  EXPECT_EQ(content(*file)[700], 'a');
}

TEST(FaultyDisk, TheHookSeesEveryOperationAndMayCrash) {
  FaultyDisk disk;
  auto file = create_durable(disk, "a", "old");
  std::vector<std::string> seen;
  disk.on_operation([&](DiskOperation operation, std::string_view path) {
    seen.emplace_back(path);
    if (operation == DiskOperation::sync) {
      disk.crash(Unsynced::lost);
      disk.set_down(true);
    }
  });
  EXPECT_TRUE(file->write(0, "new").ok());
  EXPECT_EQ(file->sync().error().code, Code::closed);
  EXPECT_EQ(disk.open("a", Open::existing).error().code, Code::closed) << "down until somebody lifts it";
  disk.on_operation({});
  disk.set_down(false);
  EXPECT_EQ(content(disk, "a"), "old");
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "a"}));
}

TEST(FaultyDisk, SameSeedSameDisk) {
  const auto run = [](std::uint64_t seed) {
    FaultyDisk disk(seed);
    auto file = create_durable(disk, "a", std::string(20'000, 'a'));
    EXPECT_TRUE(file->write(100, std::string(19'000, 'b')).ok());
    disk.crash();
    return content(disk, "a");
  };
  EXPECT_EQ(run(3), run(3));
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 0; seed < 20; ++seed) outcomes.insert(run(seed));
  EXPECT_GT(outcomes.size(), 5u);
}

TEST(FaultyDiskTest, ASpoiledPageIsReadAndWrittenInPartNeverAgain) {
  FaultyDisk disk;
  auto file = *disk.open("file", Open::create_new);
  const std::string bytes(3 * 4096, 'x');
  ASSERT_TRUE(file->write(0, bytes).ok());
  disk.spoil("file", 5000);
  std::string some(4096, ' ');
  EXPECT_TRUE(file->read(0, some).ok());
  EXPECT_TRUE(file->read(2 * 4096, some).ok());
  EXPECT_EQ(file->read(4095, std::span(some).first(2)).error().code, Code::io);
  EXPECT_EQ(file->write(5000, "y").error().code, Code::io);
  EXPECT_TRUE(file->write(4096, std::string(4096, 'y')).ok());
  EXPECT_TRUE(file->read(4096, some).ok());
  EXPECT_EQ(some, std::string(4096, 'y'));
}

TEST(FailEveryIo, MeetsEachOperationOnce) {
  std::vector<std::string> outcomes;
  const auto operations = fail_every_io(every_operation, Code::io, [&](FaultyDisk& disk) {
    outcomes.push_back([&]() -> std::string {
      auto file = disk.open("a", Open::create_new);
      if (!file.ok()) return "open";
      if (!(*file)->write(0, "x").ok()) return "write";
      if (!(*file)->sync().ok()) return "sync";
      return "whole";
    }());
  });
  EXPECT_EQ(operations, 3u);
  EXPECT_EQ(outcomes, (std::vector<std::string>{"open", "write", "sync", "whole"}));
}

}  // namespace
}  // namespace postrider::testing

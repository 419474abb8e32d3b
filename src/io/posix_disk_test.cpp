// SPDX-License-Identifier: Apache-2.0
#include "io/posix_disk.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

namespace postrider::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct PosixDiskTest : testing::Test {
  PosixDiskTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "postrider-disk-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    disk = std::move(*PosixDisk::open_root(root));
  }
  ~PosixDiskTest() override { std::filesystem::remove_all(root); }

  static std::string content(const File& file, std::uint64_t offset, std::size_t size) {
    std::string into(size, 0);
    into.resize(*file.read(offset, into));
    return into;
  }

  std::string root;
  std::unique_ptr<PosixDisk> disk;
};

TEST_F(PosixDiskTest, what_is_written_is_read) {
  auto file = *disk->open("a", Open::create_new);
  ASSERT_TRUE(file->write(3, "hello").ok());
  ASSERT_TRUE(file->sync().ok());
  EXPECT_EQ(*file->size(), 8u);
  EXPECT_EQ(content(*file, 3, 5), "hello");
  EXPECT_EQ(content(*file, 0, 4), std::string("\0\0\0h", 4));
  EXPECT_EQ(content(*file, 6, 100), "lo");  // fewer only at the end
  EXPECT_EQ(content(*file, 8, 1), "");
  EXPECT_EQ(content(*file, 800, 1), "");
}

TEST_F(PosixDiskTest, opens_as_asked) {
  EXPECT_EQ(disk->open("a", Open::existing).error().code, Code::not_found);
  EXPECT_TRUE(disk->open("a", Open::create_or_open).ok());
  EXPECT_TRUE(disk->open("a", Open::create_or_open).ok());
  EXPECT_TRUE(disk->open("a", Open::existing).ok());
  EXPECT_EQ(disk->open("a", Open::create_new).error().code, Code::exists);
  struct stat status{};
  ::stat((root + "/a").c_str(), &status);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(PosixDiskTest, allocate_sets_the_size_and_keeps_what_is_there) {
  auto file = *disk->open("a", Open::create_new);
  ASSERT_TRUE(file->write(0, "keep").ok());
  ASSERT_TRUE(file->allocate(1 << 20).ok());
  EXPECT_EQ(*file->size(), 1u << 20);
  EXPECT_EQ(content(*file, 0, 4), "keep");
  struct stat status{};
  ::stat((root + "/a").c_str(), &status);
  EXPECT_GE(status.st_blocks * 512, 1 << 20);
  ASSERT_TRUE(file->allocate(2).ok());
  EXPECT_EQ(*file->size(), 2u);
  ASSERT_TRUE(file->allocate(0).ok());
  EXPECT_EQ(*file->size(), 0u);
}

TEST_F(PosixDiskTest, truncate_and_drop_cache) {
  auto file = *disk->open("a", Open::create_new);
  ASSERT_TRUE(file->write(0, "0123456789").ok());
  ASSERT_TRUE(file->truncate(4).ok());
  ASSERT_TRUE(file->sync().ok());
  ASSERT_TRUE(file->drop_cache().ok());
  EXPECT_EQ(content(*file, 0, 100), "0123");
}

TEST_F(PosixDiskTest, names_come_and_go) {
  ASSERT_TRUE(disk->make_directory("sub").ok());
  ASSERT_TRUE(disk->make_directory("sub").ok());
  ASSERT_TRUE(disk->open("sub/b", Open::create_new).ok());
  ASSERT_TRUE(disk->open("sub/a", Open::create_new).ok());
  ASSERT_TRUE(disk->make_directory("sub/folder").ok());
  EXPECT_THAT(*disk->list("sub"), ElementsAre("a", "b"));
  EXPECT_THAT(*disk->list(""), ElementsAre());
  ASSERT_TRUE(disk->rename("sub/a", "sub/c").ok());
  ASSERT_TRUE(disk->remove("sub/b").ok());
  EXPECT_THAT(*disk->list("sub"), ElementsAre("c"));
  EXPECT_TRUE(disk->sync_directory("sub").ok());
  EXPECT_TRUE(disk->sync_directory("").ok());

  EXPECT_EQ(disk->remove("sub/b").error().code, Code::not_found);
  EXPECT_EQ(disk->rename("sub/b", "x").error().code, Code::not_found);
  EXPECT_EQ(disk->list("none").error().code, Code::not_found);
  EXPECT_EQ(disk->sync_directory("none").error().code, Code::not_found);
}

TEST_F(PosixDiskTest, errors_name_the_path) {
  EXPECT_THAT(disk->open("no/such", Open::existing).error().detail,
              HasSubstr(root + "/no/such: No such file"));
}

TEST_F(PosixDiskTest, knows_its_space) {
  Disk::Space space = *disk->space();
  EXPECT_GT(space.total, 0u);
  EXPECT_LE(space.free, space.total);
}

// /dev/full takes no byte: what a full disk looks like.
TEST_F(PosixDiskTest, a_full_disk_is_exhausted) {
  auto devices = *PosixDisk::open_root("/dev");
  auto file = devices->open("full", Open::existing);
  if (!file) GTEST_SKIP() << "no /dev/full here";
  EXPECT_EQ((*file)->write(0, "x").error().code, Code::exhausted);
}

// The size limit cuts the first write short: the rest must be tried, and its failure told.
TEST_F(PosixDiskTest, a_short_write_is_not_taken_for_a_whole_one) {
  auto file = *disk->open("a", Open::create_new);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  auto* handler = ::signal(SIGXFSZ, SIG_IGN);
  rlimit small{.rlim_cur = 1000, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  Result<void> written = file->write(0, std::string(4000, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(written.error().code, Code::io);
  EXPECT_EQ(*file->size(), 1000u);
}

TEST_F(PosixDiskTest, one_holder_of_a_lock_at_a_time) {
  {
    auto lock = disk->lock("lock");
    ASSERT_TRUE(lock.ok());
    auto other = *PosixDisk::open_root(root);
    EXPECT_EQ(other->lock("lock").error().code, Code::unavailable);
  }
  EXPECT_TRUE(disk->lock("lock").ok());
}

TEST_F(PosixDiskTest, a_root_that_is_no_directory_is_refused) {
  ASSERT_TRUE(disk->open("file", Open::create_new).ok());
  EXPECT_FALSE(PosixDisk::open_root(root + "/file").ok());
  EXPECT_EQ(PosixDisk::open_root(root + "/a/b").error().code, Code::not_found);
  EXPECT_TRUE(PosixDisk::open_root(root + "/fresh").ok());
}

}  // namespace
}  // namespace postrider::io

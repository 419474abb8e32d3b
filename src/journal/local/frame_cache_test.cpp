// SPDX-License-Identifier: Apache-2.0
#include "journal/local/frame_cache.h"

#include <gtest/gtest.h>

#include "testing/faulty_disk.h"

namespace postrider::journal::local {
namespace {

// A use with one batch; its records are so large that each has a frame of its own, or so small that they
// share.
class FrameCacheTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t first = 500;

  void write(std::size_t records, std::size_t size) {
    file = *disk.open("segment", Open::create_new);
    use = std::make_shared<Use>(UseKey{0, LogKind::spool, 7, {1}, {2}}, file, 1 << 20);
    BatchBuilder builder;
    builder.begin(first, 0);
    for (std::size_t i = 0; i < records; ++i) builder.record({}, Body::here, text(i, size));
    NonceSource nonces{1};
    std::string bytes;
    batch = builder.seal({LogKind::spool, use->incarnation, sector, 1, {}}, *use->sealer, nonces, bytes);
    ASSERT_TRUE(file->write(sector, bytes).ok() && file->sync().ok());
    for (const auto& frame : batch.frames) use->add_frame(frame);
  }
  static std::string text(std::size_t i, std::size_t size) {
    auto made = std::to_string(i);
    made.resize(size, '.');
    return made;
  }
  Result<OpenFramePtr> open(std::size_t frame) {
    return cache.open(*use, use->frames[frame], batch.frames[frame].first_sequence);
  }
  void damage_everything() {
    for (const auto& frame : batch.frames) disk.rot_at("segment", frame.offset + 20);
    disk.drop_caches();
  }

  testing::FaultyDisk disk;
  std::shared_ptr<File> file;
  UsePtr use;
  Batch batch;
  FrameCache cache;
};

TEST_F(FrameCacheTest, FindsTheRecordsOfAFrame) {
  write(3, 10);
  ASSERT_EQ(batch.frames.size(), 1u);
  const auto frame = *open(0);
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(frame->record(first + i));
    EXPECT_EQ(frame->record(first + i)->bytes, text(i, 10));
  }
  EXPECT_FALSE(frame->record(first - 1));
  EXPECT_FALSE(frame->record(first + 3));
}

TEST_F(FrameCacheTest, ReadsAFrameOnceUntilItsUseGoes) {
  write(3, 10);
  ASSERT_TRUE(open(0).ok());
  damage_everything();
  EXPECT_TRUE(open(0).ok());
  cache.forget(*use);
  EXPECT_EQ(open(0).error().code, Code::corrupt);
}

TEST_F(FrameCacheTest, KeepsThoseUsedLast) {
  write(FrameCache::most + 1, BatchBuilder::frame_target);
  ASSERT_EQ(batch.frames.size(), FrameCache::most + 1);
  for (std::size_t i = 0; i < FrameCache::most; ++i) ASSERT_TRUE(open(i).ok());
  ASSERT_TRUE(open(0).ok());
  ASSERT_TRUE(open(FrameCache::most).ok());
  damage_everything();
  EXPECT_TRUE(open(0).ok());
  EXPECT_TRUE(open(FrameCache::most).ok());
  EXPECT_FALSE(open(1).ok());
}

TEST_F(FrameCacheTest, DoesNotKeepLargeFrames) {
  write(1, FrameCache::size_most + 1);
  ASSERT_TRUE(open(0).ok());
  damage_everything();
  EXPECT_FALSE(open(0).ok());
}

}  // namespace
}  // namespace postrider::journal::local

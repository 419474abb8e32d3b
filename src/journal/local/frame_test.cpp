// SPDX-License-Identifier: Apache-2.0
#include "journal/local/frame.h"

#include <gtest/gtest.h>

#include "testing/seeded_random.h"

namespace postrider::journal::local {
namespace {

TEST(Frame, ItemsComeBackInOrder) {
  FrameWriter out;
  out.begin(1000);
  Label label;
  label.kind = 3;
  label.n = 5;
  out.record(label, Body::here, "first");
  const std::uint64_t released[] = {17, 990, 991};
  out.releases(released);
  out.event("told");
  out.claim("claimed");
  out.record(label, Body::gone, {});

  FrameReader in(out.bytes(), 1000);
  auto item = in.next();
  ASSERT_TRUE(item);
  EXPECT_EQ(item->type, FrameItem::Type::record);
  EXPECT_EQ(item->label, label);
  EXPECT_EQ(item->bytes, "first");
  for (auto sequence : released) {
    item = in.next();
    ASSERT_TRUE(item);
    EXPECT_EQ(item->type, FrameItem::Type::release);
    EXPECT_EQ(item->sequence, sequence);
  }
  EXPECT_EQ(in.next()->bytes, "told");
  item = in.next();
  EXPECT_EQ(item->type, FrameItem::Type::claim);
  EXPECT_EQ(item->bytes, "claimed");
  EXPECT_EQ(in.next()->body, Body::gone);
  EXPECT_FALSE(in.next());
  EXPECT_FALSE(in.failed());
}

// A settlement releases a recipient's record, queued long ago, and its intent, young: three bytes at most
// each, though a million records lie between them.
TEST(Frame, ReleasesFarApartTakeThreeBytesAtMost) {
  FrameWriter out;
  out.begin(2'000'000);
  std::size_t count = 0;
  for (std::uint64_t i = 0; i < 500; ++i, count += 2) {
    const std::uint64_t settled[] = {1'000'000 + 3 * i, 1'999'000 + i};
    out.releases(settled);
  }
  EXPECT_LE(out.bytes().size(), count * 3);
  FrameReader in(out.bytes(), 2'000'000);
  for (std::uint64_t i = 0; i < 500; ++i) {
    EXPECT_EQ(in.next()->sequence, 1'000'000 + 3 * i);
    EXPECT_EQ(in.next()->sequence, 1'999'000 + i);
  }
}

TEST(Frame, LongRunsOfReleases) {
  std::vector<std::uint64_t> released;
  testing::SeededRandom random(3);
  for (int i = 0; i < 5000; ++i) released.push_back(random.word() >> 4);
  FrameWriter out;
  out.begin(9);
  out.releases(released);
  FrameReader in(out.bytes(), 9);
  for (auto sequence : released) EXPECT_EQ(in.next()->sequence, sequence);
  EXPECT_FALSE(in.next());
}

TEST(Frame, AnEventCostsThreeBytesAtMost) {
  FrameWriter out;
  out.begin(1);
  out.event(std::string(200, 'e'));
  EXPECT_LE(out.bytes().size(), 203u);
}

TEST(Frame, AnyBytesEnd) {
  testing::SeededRandom random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random.between(0, 60), '\0');
    random.fill({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
    FrameReader in(bytes, 1);
    int items = 0;
    while (in.next()) ASSERT_LT(++items, 200);
  }
}

}  // namespace
}  // namespace postrider::journal::local

// SPDX-License-Identifier: Apache-2.0
#include "journal/local/batch.h"

#include <gtest/gtest.h>

namespace postrider::journal::local {
namespace {

class BatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    content.begin(100, 7);
    for (int i = 0; i < 40; ++i)
      content.record({}, Body::here, std::string(1000, static_cast<char>('a' + i % 26)));
    content.record({}, Body::here, std::string(100'000, 'L'));
    content.record({}, Body::here, "small");
    content.event("told");
    batch = content.seal(place, sealer, nonces, bytes);
  }
  BatchHead head(std::string_view of) const {
    return read_batch_head(of, place.offset, place.log, place.incarnation, sealer);
  }

  Sealer sealer{Key{1}};
  NonceSource nonces{3};
  BatchBuilder content;
  BatchBuilder::Place place{LogKind::spool, Incarnation{9}, 4096, 5, from_millis(1234)};
  Batch batch;
  std::string bytes;
};

TEST_F(BatchTest, WhatIsSealedIsRead) {
  EXPECT_EQ(bytes.size(), batch.length);
  EXPECT_EQ(bytes.size(), content.size());
  EXPECT_EQ(bytes.size() % sector, 0u);
  const auto found = head(bytes);
  ASSERT_TRUE(found.batch);
  EXPECT_EQ(found.batch->epoch, 3u);
  EXPECT_EQ(found.batch->number, 5u);
  EXPECT_EQ(found.batch->first_sequence, 100u);
  EXPECT_EQ(found.batch->next_sequence, 142u);
  EXPECT_EQ(found.batch->first_item, 7u);
  EXPECT_EQ(found.batch->next_item, 8u);
  EXPECT_EQ(found.batch->time, from_millis(1234));
  EXPECT_TRUE(bytes.ends_with(found.trailer));
  ASSERT_EQ(found.batch->frames.size(), batch.frames.size());
  std::uint64_t sequence = 100;
  for (const auto& frame : found.batch->frames) {
    EXPECT_EQ(frame.first_sequence, sequence);
    sequence += frame.records;
    const auto plain = open_frame(std::string_view(bytes).substr(frame.offset - place.offset, frame.size),
                                  frame.offset, place.incarnation, sealer);
    EXPECT_TRUE(plain.ok());
  }
}

// So that reading one record decrypts about 16 KiB, or itself.
TEST_F(BatchTest, SmallRecordsShareFramesAndALargeOneHasItsOwn) {
  ASSERT_EQ(batch.frames.size(), 5u);  // 16 + 16 + 8 of 1 kB, the large one, the small one with the event
  for (std::size_t i = 0; i < 3; ++i) EXPECT_LE(batch.frames[i].size, BatchBuilder::frame_target + 200);
  EXPECT_EQ(batch.frames[3].records, 1u);
  EXPECT_EQ(batch.frames[4].records, 1u);
  EXPECT_EQ(batch.frames[4].items, 1u);
}

TEST_F(BatchTest, AHeadThatNeedsMoreSaysSo) {
  const auto found = head(std::string_view(bytes).substr(0, 100));
  EXPECT_FALSE(found.batch);
  EXPECT_EQ(found.need, batch_head_size(batch.frames.size()));
}

TEST_F(BatchTest, NoByteOfHeadOrFramesMayBeAnother) {
  const auto size = batch_head_size(batch.frames.size());
  for (std::size_t i = 0; i < size; ++i) {
    auto bad = bytes;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    EXPECT_FALSE(head(bad).batch) << "byte " << i;
  }
  const auto& frame = batch.frames[4];
  for (std::uint32_t i = 0; i < frame.size; ++i) {
    auto sealed = bytes.substr(frame.offset - place.offset, frame.size);
    sealed[i] = static_cast<char>(sealed[i] ^ 1);
    EXPECT_FALSE(open_frame(sealed, frame.offset, place.incarnation, sealer).ok());
  }
}

TEST_F(BatchTest, NeitherHeadNorFrameFitsAnotherPlaceUseLogOrKey) {
  EXPECT_FALSE(read_batch_head(bytes, place.offset + sector, place.log, place.incarnation, sealer).batch);
  EXPECT_FALSE(read_batch_head(bytes, place.offset, LogKind::events, place.incarnation, sealer).batch);
  EXPECT_FALSE(read_batch_head(bytes, place.offset, place.log, Incarnation{8}, sealer).batch);
  EXPECT_FALSE(read_batch_head(bytes, place.offset, place.log, place.incarnation, Sealer(Key{2})).batch);
  const auto& frame = batch.frames[4];
  const auto sealed = bytes.substr(frame.offset - place.offset, frame.size);
  EXPECT_TRUE(open_frame(sealed, frame.offset, place.incarnation, sealer).ok());
  EXPECT_FALSE(open_frame(sealed, frame.offset + 1, place.incarnation, sealer).ok());
  EXPECT_FALSE(open_frame(sealed, frame.offset, Incarnation{8}, sealer).ok());
}

TEST_F(BatchTest, SealingAgainForAnotherPlaceSharesNoNonce) {
  std::string again;
  content.seal(place, sealer, nonces, again);
  EXPECT_NE(again, bytes);
  EXPECT_EQ(again.size(), bytes.size());
}

TEST_F(BatchTest, AnEndIsOneSector) {
  std::string end;
  seal_end(place, 142, 8, sealer, nonces, end);
  EXPECT_EQ(end.size(), sector);
  const auto found = head(end);
  ASSERT_TRUE(found.batch);
  EXPECT_EQ(found.batch->kind, BatchKind::end);
  EXPECT_EQ(found.batch->next_sequence, 142u);
}

TEST_F(BatchTest, ClaimsAsideStandInFramesOfTheirOwn) {
  BatchBuilder events;
  events.begin(0, 1);
  events.event("told");
  events.claim({});
  events.aside("one");
  events.aside(std::string(20'000, 'c'));
  std::string out;
  const auto sealed = events.seal(place, sealer, nonces, out);
  ASSERT_EQ(sealed.frames.size(), 3u);
  EXPECT_EQ(sealed.frames[0].items, 2u);
  EXPECT_EQ(sealed.frames[1].items, 0u);
  EXPECT_EQ(sealed.frames[2].items, 0u);
  EXPECT_EQ(sealed.next_item, 3u);
}

}  // namespace
}  // namespace postrider::journal::local

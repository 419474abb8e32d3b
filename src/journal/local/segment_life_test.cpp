// SPDX-License-Identifier: Apache-2.0
// How long a segment stays, and what is copied so that it may go.
#include "journal/local/local_fixture.h"
#include "journal/local/verify.h"

namespace postrider::journal::local {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using SegmentLifeTest = LocalJournalTest;

TEST_F(SegmentLifeTest, SegmentsAreRecycledAsTheirRecordsGo) {
  for (int round = 0; round < 40; ++round) {
    std::vector<Sequence> stored;
    for (int i = 0; i < 5; ++i) stored.push_back(put(std::string(200'000, 'x')));
    release(stored);
    upkeep();
  }
  EXPECT_LE(subject.disk.files("spool/").size(), 8u) << "40 MB went through a few files of 1 MB";
  EXPECT_EQ(journal->counters().live, 0u);
}

TEST_F(SegmentLifeTest, ARecycledSegmentHidesItsFormerLife) {
  std::vector<Sequence> stored;
  for (int i = 0; i < 12; ++i) stored.push_back(put(std::string(200'000, 'x')));
  release(stored);
  upkeep();
  const auto kept = put("kept");
  for (int i = 0; i < 3; ++i) {
    restart();
    EXPECT_THAT(live, ElementsAre(kept));
    EXPECT_EQ(read(stored[0]), "error: not_found");
  }
}

// A record that stays long holds its segment, and the segments that released its neighbours stay until its
// bitmap has that; then they go.
TEST_F(SegmentLifeTest, ALongLivedRecordPinsOneSegmentOnly) {
  std::vector<Sequence> first;
  for (int i = 0; i < 6; ++i) first.push_back(put(std::string(150'000, 'a')));
  const auto stays = first.back();
  first.pop_back();
  std::vector<Sequence> before = first;
  for (int round = 0; round < 10; ++round) {
    std::vector<Sequence> stored;
    for (int i = 0; i < 6; ++i) stored.push_back(put(std::string(150'000, 'b')));
    release(before);
    before = stored;
    upkeep();
  }
  release(before);
  upkeep();
  EXPECT_LE(journal->counters().segments, 5u);
  EXPECT_THAT(subject.disk.files("spool/"), ::testing::Contains(::testing::EndsWith(".rel")));
  for (int i = 0; i < 3; ++i) {
    restart();
    EXPECT_THAT(live, ElementsAre(stays));
    upkeep();
  }
}

TEST_F(SegmentLifeTest, AnIdleSegmentIsErasedAfterItsTime) {
  const auto sequence = put("personal");
  release({sequence});
  upkeep();
  EXPECT_GT(journal->space().used, sector * 2);
  subject.clock.advance(61min);
  upkeep();
  auto report = verify(subject.disk, subject.wrapping);
  ASSERT_TRUE(report.ok());
  for (const auto& segment : report->segments) EXPECT_EQ(segment.records, 0u) << segment.path;
  restart();
  EXPECT_GT(put("next"), sequence) << "numbers are not used again, though nothing is left that has them";
}

TEST_F(SegmentLifeTest, AMoveOfWhatIsGoneTakesAPlaceWhereNothingLives) {
  const auto old = put("bytes");
  release({old});
  Group group;
  group.moves = {{old, {}}};
  const auto place = commit(group)->front().first;
  EXPECT_EQ(read(place), "error: not_found");
  EXPECT_EQ(journal->counters().live, 0u);
  restart();
  EXPECT_THAT(live, IsEmpty());
}

TEST_F(SegmentLifeTest, WhatIsWorthMovingIsMovedAndItsSegmentGoes) {
  subject.limit(8 << 20);
  restart();
  std::vector<Sequence> stay;
  for (int round = 0; round < 6; ++round) {
    std::vector<Sequence> go;
    for (int i = 0; i < 9; ++i) go.push_back(put(std::string(110'000, 'x')));
    stay.push_back(go.back());
    go.pop_back();
    release(go);
    upkeep();
  }
  EXPECT_GT(journal->space().used, journal->space().limit / 10 * 6);
  auto worth = journal->worth_moving(100);
  ASSERT_THAT(worth, SizeIs(::testing::Ge(3u)));
  EXPECT_EQ(worth.front().sequence, stay.front()) << "oldest first";
  EXPECT_THAT(journal->worth_moving(2), SizeIs(2));
  Group group;
  for (const auto& record : worth) group.moves.push_back({record.sequence, record.label});
  ASSERT_TRUE(commit(group).ok());
  upkeep();
  EXPECT_LT(journal->space().used, journal->space().limit / 10 * 6);
  EXPECT_THAT(journal->worth_moving(100), IsEmpty()) << "below the mark";
  restart();
  EXPECT_THAT(live, SizeIs(stay.size()));
}

TEST_F(SegmentLifeTest, NoMoreIsWorthMovingThanABatchHolds) {
  subject.limit(3 << 20);
  restart();
  for (int round = 0; round < 4; ++round) {
    std::vector<Sequence> go;
    for (int i = 0; i < 12; ++i) go.push_back(put("small"));
    for (int i = 0; i < 3; ++i) put(std::string(200'000, 'x'));
    release(go);
    upkeep();
  }
  auto worth = journal->worth_moving(100);
  EXPECT_THAT(worth, SizeIs(2));
  Group group;
  for (const auto& record : worth) group.moves.push_back({record.sequence, record.label});
  EXPECT_TRUE(commit(group).ok());
}

TEST_F(SegmentLifeTest, RecallNeedsNoHintAndFailsOnlyForNow) {
  const auto stay = put("stay"), go = put("go");
  release({go});
  restart();  // closes the use
  upkeep();
  const auto newest = put("newest");
  const auto recall = [&] {
    std::vector<Sequence> told;
    const auto asked = journal->recall([](const Label&) { return true; },
                                       [&](Sequence at, const Label&) { told.push_back(at); });
    if (!asked.ok()) EXPECT_EQ(asked.error().code, Code::unavailable);
    return asked.ok() ? std::optional(told) : std::nullopt;
  };
  EXPECT_GT(journal->recallable(), stay);
  EXPECT_LE(journal->recallable(), newest) << "it stands in the use that is written to";
  EXPECT_EQ(recall(), std::vector{stay});
  for (const auto& file : *subject.disk.list("spool"))
    if (file.ends_with(".hint"))
      subject.disk.fail({.operations = testing::on({testing::DiskOperation::read}),
                         .prefix = "spool/" + file,
                         .code = Code::io});
  EXPECT_EQ(recall(), std::vector{stay}) << "a bad sector under a hint is no matter";
  subject.disk.heal();
  for (const auto& file : *subject.disk.list("spool"))
    if (file.ends_with(".hint")) EXPECT_TRUE(subject.disk.remove("spool/" + file).ok());
  EXPECT_EQ(recall(), std::vector{stay}) << "read from the use itself";
  subject.disk.fail(
      {.operations = testing::on({testing::DiskOperation::read}), .times = 1, .code = Code::io});
  EXPECT_EQ(recall(), std::nullopt);
  EXPECT_EQ(recall(), std::vector{stay});
}

TEST_F(SegmentLifeTest, AHintThatCannotBeReadIsDoneWithout) {
  const auto stay = put("stay"), go = put("go");
  release({go});
  restart();
  upkeep();
  const auto files = *subject.disk.list("spool");
  const auto hint = std::ranges::find_if(files, [](const auto& file) { return file.ends_with(".hint"); });
  ASSERT_NE(hint, files.end());
  subject.crash();
  auto& opened = subject.open();  // which heals the disk
  subject.disk.fail({.operations = testing::on({testing::DiskOperation::read}),
                     .prefix = "spool/" + *hint,
                     .code = Code::io});
  std::vector<Sequence> told;
  const auto recovered = opened.recover([&](Sequence at, const Label&) { told.push_back(at); });
  ASSERT_TRUE(recovered.ok()) << recovered.error().detail;
  EXPECT_EQ(told, std::vector{stay});
  EXPECT_TRUE(recovered->quarantined.empty());
}

}  // namespace
}  // namespace postrider::journal::local

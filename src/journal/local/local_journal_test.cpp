// SPDX-License-Identifier: Apache-2.0
#include "journal/local/local_journal.h"

#include "journal/local/local_fixture.h"
#include "journal/local/verify.h"

namespace postrider::journal::local {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

TEST_F(LocalJournalTest, WhatCannotBeStoredIsInvalidAndHarmless) {
  put("before");
  Group large;
  large.entries = {{{}, std::string(Journal::inline_limit + 1, 'x'), {}}};
  EXPECT_EQ(commit(large).error().code, Code::invalid);
  Group unstaged;
  unstaged.entries = {{{}, "", Blob{{1}, 5}}};
  EXPECT_EQ(commit(unstaged).error().code, Code::invalid);
  Group huge;
  for (int i = 0; i < 6; ++i) huge.entries.push_back({{}, std::string(200'000, 'x'), {}});
  EXPECT_EQ(commit(huge).error().code, Code::invalid) << "larger than a segment";
  Group event;
  event.events = {std::string(200'000, 'x')};
  EXPECT_EQ(commit(event).error().code, Code::invalid);
  EXPECT_EQ(journal->commit(1, {}).error().code, Code::invalid) << "numbers go up";
  EXPECT_EQ(read(put("fine")), "fine");
}

TEST(LocalJournalOptions, LeaveRoomForTheLargestEvent) {
  Options options;
  options.free_segments = 0;
  LocalUnderTest subject(1, options);
  auto& journal = subject.open();
  ASSERT_TRUE(journal.recover([](Sequence, const Label&) {}).ok());
  Group group;
  group.events = {std::string(Journal::event_limit, 'x')};
  EXPECT_TRUE(journal.commit(1, {&group, 1}).ok());
}

TEST_F(LocalJournalTest, LimitsMayChangeWhileItRuns) {
  EXPECT_TRUE(journal->may_claim(1));
  journal->set_limits(1 << 20, 0);
  upkeep();
  EXPECT_EQ(journal->space().limit, 1u << 20);
  EXPECT_FALSE(journal->may_claim(1));
}

TEST_F(LocalJournalTest, LandedKnowsTheLastCommit) {
  const auto sequence = put("stored");
  EXPECT_EQ((**journal->landed(number))[0].first, sequence);
  EXPECT_FALSE(journal->landed(number + 1)->has_value());
}

TEST_F(LocalJournalTest, BeforeRecoveryNothingWorksAndNothingBreaks) {
  LocalJournal fresh(subject.disk, subject.random, subject.clock, subject.log, Key{});
  EXPECT_FALSE(fresh.commit(1, {}).ok());
  EXPECT_FALSE(fresh.read({}).ok());
  EXPECT_FALSE(fresh.maintain({}, {}).ok());
  EXPECT_FALSE(fresh.close().ok());
  EXPECT_EQ(fresh.space().limit, 0u);
  EXPECT_EQ(fresh.counters().live, 0u);
  EXPECT_FALSE(fresh.lease().holds(subject.clock.monotonic()));
}

TEST_F(LocalJournalTest, ACleanCloseLeavesNothingToReplay) {
  const auto sequence = put("record");
  tell("event");
  ASSERT_TRUE(journal->close().ok());
  auto report = verify(subject.disk, subject.wrapping);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->sound());
  EXPECT_EQ(report->live, 1u);
  for (const auto& segment : report->segments) {
    if (segment.state == SegmentReport::State::unused) continue;
    EXPECT_EQ(segment.state, SegmentReport::State::closed);
    EXPECT_TRUE(segment.hint);
  }
  restart();
  EXPECT_EQ(read(sequence), "record");
  EXPECT_THAT(events(), ElementsAre("event"));
}

TEST_F(LocalJournalTest, VerifyCountsWhatIsThereAndChangesNothing) {
  const auto kept = put("kept");
  auto blob = *journal->stage(std::string(300'000, 'b'));
  Group group;
  group.entries = {{{}, "", blob}};
  ASSERT_TRUE(commit(group).ok());
  release({put("released")});
  tell("event");
  upkeep();
  subject.journal.reset();
  const auto writes = subject.disk.count(testing::DiskOperation::write);
  auto report = *verify(subject.disk, subject.wrapping);
  EXPECT_EQ(subject.disk.count(testing::DiskOperation::write), writes);
  EXPECT_TRUE(report.sound());
  EXPECT_EQ(report.live, 2u);
  EXPECT_EQ(report.epoch, 1u);
  const auto spool =
      std::ranges::find(report.segments, path(LogKind::spool, 0, Part::segment), &SegmentReport::path);
  ASSERT_NE(spool, report.segments.end());
  EXPECT_EQ(spool->records, 3u);
  EXPECT_EQ(spool->live, 2u);
  EXPECT_EQ(spool->state, SegmentReport::State::open);

  subject.disk.rot_at(subject.disk.files("blobs/").front(), 1000);
  subject.disk.drop_caches();
  EXPECT_FALSE(verify(subject.disk, subject.wrapping)->sound());
  EXPECT_EQ(verify(subject.disk, Key{}).error().code, Code::corrupt);
  start();
  EXPECT_EQ(read(kept), "kept");
}

}  // namespace
}  // namespace postrider::journal::local

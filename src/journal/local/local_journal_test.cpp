// SPDX-License-Identifier: Apache-2.0
#include "journal/local/local_journal.h"

#include <gmock/gmock.h>

#include "journal/local/trial.h"
#include "journal/local/verify.h"
#include "testing/fail_every_io.h"

namespace postrider::journal::local {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LocalJournalTest : public ::testing::Test {
 protected:
  explicit LocalJournalTest(Options options = LocalUnderTest::small()) : subject(1, options) { start(); }

  void start() {
    subject.open();
    journal = subject.journal.get();
    number = 0;
    live.clear();
    auto recovered = journal->recover([&](Sequence sequence, const Label&) { live.push_back(sequence); });
    ASSERT_TRUE(recovered.ok()) << recovered.error().detail;
    EXPECT_THAT(recovered->quarantined, IsEmpty());
  }
  void restart() {
    subject.crash();
    start();
  }
  Result<std::vector<Receipt>> commit(Group group) { return journal->commit(++number, {&group, 1}); }
  Sequence put(std::string bytes) {
    Group group;
    group.entries = {{{}, std::move(bytes), {}}};
    auto receipts = commit(group);
    EXPECT_TRUE(receipts.ok()) << receipts.error().detail;
    return receipts.ok() ? receipts->front().first : Sequence{};
  }
  void release(std::vector<Sequence> sequences) {
    Group group;
    group.releases = std::move(sequences);
    ASSERT_TRUE(commit(group).ok());
  }
  void tell(std::string event) {
    Group group;
    group.events = {std::move(event)};
    ASSERT_TRUE(commit(group).ok());
  }
  std::string read(Sequence sequence) {
    auto bytes = journal->read({&sequence, 1});
    return bytes.ok() ? bytes->front() : "error: " + std::string(name(bytes.error().code));
  }
  std::vector<std::string> events(Cursor after = {}) {
    std::vector<std::string> all;
    for (;;) {
      auto page = journal->read_events(after, 10);
      EXPECT_TRUE(page.ok());
      if (!page.ok() || page->events.empty()) return all;
      for (auto& event : page->events) all.push_back(std::move(event.bytes));
      after = page->next;
    }
  }
  void upkeep(Time events_before = {}) {
    for (int i = 0; i < 1000; ++i) {
      auto more = journal->maintain(subject.clock.wall(), events_before);
      ASSERT_TRUE(more.ok()) << more.error().detail;
      if (!*more) return;
    }
    FAIL() << "upkeep never ends";
  }

  LocalUnderTest subject;
  LocalJournal* journal = nullptr;
  std::vector<Sequence> live;
  std::uint64_t number = 0;
};

// Segments

TEST_F(LocalJournalTest, SegmentsAreRecycledAsTheirRecordsGo) {
  for (int round = 0; round < 40; ++round) {
    std::vector<Sequence> stored;
    for (int i = 0; i < 5; ++i) stored.push_back(put(std::string(200'000, 'x')));
    release(stored);
    upkeep();
  }
  EXPECT_LE(subject.disk.files("spool/").size(), 8u) << "40 MB went through a few files of 1 MB";
  EXPECT_EQ(journal->counters().live, 0u);
}

TEST_F(LocalJournalTest, ARecycledSegmentHidesItsFormerLife) {
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
TEST_F(LocalJournalTest, ALongLivedRecordPinsOneSegmentOnly) {
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

TEST_F(LocalJournalTest, AnIdleSegmentIsErasedAfterItsTime) {
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

// Events

TEST_F(LocalJournalTest, EventsAreReadAtOnceAndOnceAlsoAcrossTheCarry) {
  Cursor seen;
  std::vector<std::string> all;
  for (int i = 0; i < 50; ++i) {
    tell("event " + std::to_string(i));
    if (i % 3 == 0) upkeep();
    if (i % 7 == 0) restart();
    auto page = journal->read_events(seen, 100);
    ASSERT_TRUE(page.ok());
    for (auto& event : page->events) all.push_back(event.bytes);
    seen = page->next;
  }
  EXPECT_EQ(events(), all);
  EXPECT_THAT(all, SizeIs(50));
}

TEST_F(LocalJournalTest, EventsGoAsTheirDaysPass) {
  tell("old");
  upkeep();
  subject.clock.advance(13h);
  tell("young");
  upkeep();
  upkeep(subject.clock.wall() - 1h);
  EXPECT_THAT(events(), ElementsAre("young"));
  restart();
  EXPECT_THAT(events(), ElementsAre("young"));
  upkeep(subject.clock.wall() + 1h);
  EXPECT_THAT(events(), IsEmpty());
  restart();
  EXPECT_THAT(events(), IsEmpty());
  const auto tail = journal->events_tail();
  EXPECT_EQ(tail.sequence, 2u) << "event numbers go on too";
  tell("new");
  EXPECT_THAT(events(tail), ElementsAre("new"));
}

TEST_F(LocalJournalTest, ClaimsOutliveTheSpoolAndTheEventsTheyCameWith) {
  Group group;
  group.events = {"told"};
  group.claim = Claim{1, "key", {}, "answer", subject.clock.wall() + 48h};
  ASSERT_TRUE(commit(group).ok());
  upkeep();
  subject.clock.advance(24h);
  upkeep(subject.clock.wall());
  restart();
  upkeep(subject.clock.wall());
  ASSERT_TRUE(journal->claim(1, "key"));
  EXPECT_EQ(journal->claim(1, "key")->answer, "answer");
  subject.clock.advance(25h);
  upkeep(subject.clock.wall());
  upkeep(subject.clock.wall());
  EXPECT_FALSE(journal->claim(1, "key"));
  EXPECT_THAT(events(), IsEmpty());
}

// Moves

TEST_F(LocalJournalTest, AMoveOfWhatIsGoneTakesAPlaceWhereNothingLives) {
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

TEST_F(LocalJournalTest, WhatIsWorthMovingIsMovedAndItsSegmentGoes) {
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

TEST_F(LocalJournalTest, RecallNeedsNoHintAndFailsOnlyForNow) {
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
    if (file.ends_with(".hint")) EXPECT_TRUE(subject.disk.remove("spool/" + file).ok());
  EXPECT_EQ(recall(), std::vector{stay}) << "read from the use itself";
  subject.disk.fail(
      {.operations = testing::on({testing::DiskOperation::read}), .times = 1, .code = Code::io});
  EXPECT_EQ(recall(), std::nullopt);
  EXPECT_EQ(recall(), std::vector{stay});
}

// Failure

TEST_F(LocalJournalTest, AFullDiskRefusesStoresNothingAndRecoversByItself) {
  subject.disk.set_capacity(12 << 20);
  std::vector<Sequence> stored;
  for (;;) {
    Group group;
    group.entries = {{{}, std::string(200'000, 'x'), {}}};
    auto receipts = commit(group);
    if (!receipts.ok()) {
      EXPECT_EQ(receipts.error().code, Code::exhausted);
      break;
    }
    stored.push_back(receipts->front().first);
    upkeep();
  }
  EXPECT_FALSE(journal->counters().failed);
  EXPECT_EQ(journal->counters().live, stored.size());
  EXPECT_EQ(read(stored.back()).size(), 200'000u);
  // Settling is small and frees room.
  release(stored);
  upkeep();
  EXPECT_EQ(read(put("again")), "again");
  restart();
  EXPECT_THAT(live, SizeIs(1));
}

TEST_F(LocalJournalTest, AWriteCutShortForLackOfRoomIsNeverFoundAgain) {
  for (std::uint64_t n = 0; n < 20; ++n) {
    const auto before = put("before " + std::to_string(n));
    subject.disk.fail({.operations = testing::on({testing::DiskOperation::write}),
                       .prefix = "spool/",
                       .times = 1,
                       .code = Code::exhausted});
    Group group;
    group.entries = {{{}, "refused", {}}, {{}, std::string(3000, 'r'), {}}};
    EXPECT_EQ(commit(group).error().code, Code::exhausted);
    if (n % 2 == 0) put("after");
    restart();
    EXPECT_EQ(read(before), "before " + std::to_string(n));
    for (auto sequence : live) EXPECT_NE(read(sequence), "refused");
    release(live);
  }
}

TEST_F(LocalJournalTest, AfterAFailedSyncTheDiskDecidesAtTheRestart) {
  const auto before = put("before");
  subject.arm_sync_failure();
  Group group;
  group.entries = {{{}, "unknown", {}}};
  EXPECT_EQ(commit(group).error().code, Code::io);
  EXPECT_EQ(journal->maintain(subject.clock.wall(), {}).error().code, Code::io);
  EXPECT_EQ(journal->stage("x").error().code, Code::io);
  EXPECT_TRUE(subject.log.has("alarm journal_failed"));
  // The process restarts, the machine does not: the cache still shows what the disk never got.
  subject.journal.reset();
  subject.disk.kill();
  start();
  EXPECT_THAT(live, ElementsAre(before));
}

TEST_F(LocalJournalTest, AnyOperationMayFailAtAnyTime) {
  for (const auto code : {Code::io, Code::exhausted}) {
    const auto tried = testing::fail_every_io(testing::every_operation, code, [&](testing::FaultyDisk& disk) {
      auto options = LocalUnderTest::small();
      options.segment_bytes = 16 << 10;
      options.event_segment_bytes = 8 << 10;
      testing::SeededRandom random(1);
      testing::FakeClock clock;
      testing::MemoryLog log;
      std::set<std::string> acknowledged, told;
      const auto live_in = [&](LocalJournal& opened) -> std::optional<std::set<std::string>> {
        std::vector<Sequence> sequences;
        if (!opened.recover([&](Sequence sequence, const Label&) { sequences.push_back(sequence); }).ok())
          return std::nullopt;
        std::set<std::string> found;
        for (auto sequence : sequences) {
          auto bytes = opened.read({&sequence, 1});
          found.insert(bytes.ok() ? bytes->front() : "unreadable");
        }
        return found;
      };
      {
        LocalJournal first(disk, random, clock, log, Key{1}, options);
        if (live_in(first)) {
          for (std::uint64_t i = 1; i <= 30; ++i) {
            Group group;
            const auto bytes = std::to_string(i) + std::string(1000, '.');
            group.entries = {{{}, bytes, {}}};
            group.events = {bytes};
            if (first.commit(i, {&group, 1}).ok()) acknowledged.insert(bytes);
            for (int step = 0; step < 6; ++step) static_cast<void>(first.maintain(clock.wall(), {}));
          }
        }
      }
      disk.heal();
      disk.crash();
      LocalJournal second(disk, random, clock, log, Key{1}, options);
      const auto found = live_in(second);
      ASSERT_TRUE(found);
      for (const auto& bytes : acknowledged) EXPECT_TRUE(found->contains(bytes)) << bytes.substr(0, 3);
      EXPECT_FALSE(found->contains("unreadable"));
      auto page = second.read_events({}, 1000);
      ASSERT_TRUE(page.ok());
      for (auto& event : page->events) EXPECT_TRUE(told.insert(event.bytes).second) << "told twice";
      for (const auto& bytes : acknowledged) EXPECT_TRUE(told.contains(bytes));
    });
    EXPECT_GT(tried, 100u);
  }
}

// Size, misuse and the end

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

// Verify

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

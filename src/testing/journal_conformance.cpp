// SPDX-License-Identifier: Apache-2.0
#include "testing/journal_conformance.h"

#include <gmock/gmock.h>

#include "testing/journal_groups.h"
#include "testing/journal_model.h"

namespace postrider::testing {

using namespace journal;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The suite is in a library: a binary that links something else of it need not run it.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(JournalConformance);

std::string engine_name(const ::testing::TestParamInfo<JournalEngine>& engine) {
  return engine.param.name;
}

void JournalConformance::SetUp() {
  subject = GetParam().make(1);
  start();
}

Recovered JournalConformance::start() {
  journal = &subject->open();
  live.clear();
  number = 0;
  Sequence last;
  auto recovered = journal->recover([&](Sequence sequence, const Label& told) {
    EXPECT_GT(sequence, last) << "in sequence order";
    last = sequence;
    live[sequence] = told;
  });
  if (!recovered.ok()) {
    ADD_FAILURE() << "recover: " << verdict(recovered) << " " << recovered.error().detail;
    return {};
  }
  EXPECT_EQ(recovered->live, live.size());
  for (const auto& range : recovered->quarantined)
    ADD_FAILURE() << "quarantined " << range.where << ": " << range.why;
  return *recovered;
}

Result<std::vector<Receipt>> JournalConformance::commit(std::vector<Group> groups) {
  last_ = std::move(groups);
  return again();
}

Result<std::vector<Receipt>> JournalConformance::again() {
  return journal->commit(++number, last_);
}

Receipt JournalConformance::commit(Group group) {
  std::vector<Group> groups;
  groups.push_back(std::move(group));
  auto receipts = commit(std::move(groups));
  if (!receipts.ok() || receipts->size() != 1) {
    ADD_FAILURE() << "commit: " << verdict(receipts);
    return {};
  }
  return receipts->front();
}

Sequence JournalConformance::commit(std::string_view bytes) {
  return commit(records({bytes})).first;
}

void JournalConformance::upkeep() {
  for (int steps = 0; steps < 10'000; ++steps) {
    auto more = journal->maintain(subject->clock.wall(), events_before);
    ASSERT_TRUE(more.ok()) << verdict(more);
    if (!*more) return;
  }
  FAIL() << "maintain never ends";
}

// Recovery

TEST_P(JournalConformance, AnEmptyStreamIsRecoveredEmpty) {
  EXPECT_THAT(live, IsEmpty());
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_EQ(journal->counters().live, 0u);
}

TEST_P(JournalConformance, RecoveryTellsExactlyTheLiveRecords) {
  Group group;
  for (std::uint32_t n = 0; n < 5; ++n) group.entries.push_back({label(n, n * 1000), "record", {}});
  const auto first = commit(group).first;
  commit(releasing({{first.value + 1}, {first.value + 3}}));
  const auto recovered = restart();
  EXPECT_EQ(recovered.live, 3u);
  const std::map<Sequence, Label> expected{
      {first, label(0)}, {{first.value + 2}, label(2, 2000)}, {{first.value + 4}, label(4, 4000)}};
  EXPECT_EQ(live, expected);
  restart();
  EXPECT_EQ(live, expected) << "and again";
}

TEST_P(JournalConformance, EveryRecoveryHasAHigherEpochAndNobodyTookOver) {
  std::uint64_t last = journal->lease().epoch;
  for (int i = 0; i < 4; ++i) {
    const auto recovered = restart();
    EXPECT_GT(recovered.epoch, last);
    EXPECT_FALSE(recovered.taken_over);
    last = recovered.epoch;
  }
}

TEST_P(JournalConformance, TheLeaseHoldsAfterRecovery) {
  const auto recovered = restart();
  EXPECT_EQ(journal->lease().epoch, recovered.epoch);
  EXPECT_TRUE(journal->lease().holds(subject->clock.monotonic()));
}

// Groups

TEST_P(JournalConformance, AnEmptyGroupIsFine) {
  auto receipts = commit(std::vector<Group>{Group{}, records({"a"}), Group{}});
  ASSERT_TRUE(receipts.ok());
  ASSERT_THAT(*receipts, SizeIs(3));
  EXPECT_EQ(read((*receipts)[1].first), "a");
  restart();
  EXPECT_THAT(live, SizeIs(1));
}

TEST_P(JournalConformance, AGroupIsThereWholeOrNotAtAllAcrossBothLogs) {
  if (!subject->arm_crash(0)) return does_not_apply("dies between calls only");
  for (std::uint64_t step = 0;; ++step) {
    SCOPED_TRACE(::testing::Message() << "dying at step " << step);
    subject = GetParam().make(step + 1);
    start();
    const auto old = commit(records({"moved", "released"})).first.value;
    auto first = records({"a", std::string(9000, 'b')});
    first.releases = {{old + 1}};
    first.events = {"first"};
    first.claim = claiming("first", "202", subject->clock.wall() + 24h);
    Group second;
    second.moves = {{{old}, label(9)}};
    second.events = {"second"};
    ASSERT_TRUE(subject->arm_crash(step));
    const auto receipts = commit(std::vector<Group>{first, second});
    const bool died = subject->crashed();
    if (!died) EXPECT_TRUE(receipts.ok());
    restart();
    const bool there = read({old + 1}) == "error: not_found";
    if (receipts.ok()) EXPECT_TRUE(there) << "acknowledged and lost";
    EXPECT_EQ(events(), there ? std::vector<std::string>({"first", "second"}) : std::vector<std::string>());
    EXPECT_THAT(live, SizeIs(there ? 3 : 2));
    EXPECT_EQ(journal->claim(1, "first").has_value(), there);
    EXPECT_EQ(read({old}), there ? "error: not_found" : "moved");
    for (const auto& [sequence, told] : live)
      EXPECT_THAT(read(sequence), ::testing::Not(::testing::StartsWith("error")));
    if (!died || HasFailure()) break;
  }
}

// Ambiguity, fencing, failure

TEST_P(JournalConformance, AnAmbiguousCommitThatLandedIsFound) {
  if (!subject->break_next_commit(true, 2)) return does_not_apply("commits are never ambiguous");
  auto group = records({"a", "b"});
  group.events = {"told"};
  EXPECT_EQ(verdict(commit(std::vector<Group>{group})), "error: ambiguous");
  EXPECT_EQ(verdict(journal->landed(number)), "error: unavailable");
  EXPECT_EQ(verdict(journal->landed(number)), "error: unavailable");
  auto landed = journal->landed(number);
  ASSERT_TRUE(landed.ok());
  ASSERT_TRUE(landed->has_value());
  ASSERT_THAT(**landed, SizeIs(1));
  EXPECT_EQ(read({(**landed)[0].first.value + 1}), "b");
  EXPECT_THAT(events(), ElementsAre("told"));
}

TEST_P(JournalConformance, AnAmbiguousCommitThatDidNotLandMayBeCommittedAgain) {
  if (!subject->break_next_commit(false, 0)) return does_not_apply("commits are never ambiguous");
  auto group = records({"a"});
  group.events = {"told"};
  EXPECT_EQ(verdict(commit(std::vector<Group>{group})), "error: ambiguous");
  auto landed = journal->landed(number);
  ASSERT_TRUE(landed.ok());
  EXPECT_FALSE(landed->has_value());
  auto receipts = again();
  ASSERT_TRUE(receipts.ok());
  EXPECT_EQ(read((*receipts)[0].first), "a");
  EXPECT_THAT(events(), ElementsAre("told"));
  restart();
  EXPECT_THAT(live, SizeIs(1));
}

TEST_P(JournalConformance, AnotherNodeTakesOverOnlyAfterAFullTtlAndFencesTheOld) {
  const auto sequence = commit("hello");
  auto* rival = subject->open_rival();
  if (!rival) return does_not_apply("one node");
  std::vector<Sequence> told;
  const auto tell = [&](Sequence at, const Label&) { told.push_back(at); };
  EXPECT_EQ(verdict(rival->recover(tell)), "error: fenced");
  subject->clock.advance(subject->ttl - 1ms);
  commit("renews the lease");
  EXPECT_EQ(verdict(rival->recover(tell)), "error: fenced");
  subject->clock.advance(subject->ttl - 1ms);
  EXPECT_EQ(verdict(rival->recover(tell)), "error: fenced");
  EXPECT_TRUE(journal->lease().holds(subject->clock.monotonic()));
  subject->clock.advance(1ms);
  EXPECT_FALSE(journal->lease().holds(subject->clock.monotonic()))
      << "the old one knows before anybody takes over";
  auto taken = rival->recover(tell);
  ASSERT_TRUE(taken.ok());
  EXPECT_TRUE(taken->taken_over);
  EXPECT_GT(taken->epoch, journal->lease().epoch);
  EXPECT_THAT(told, SizeIs(2));
  const Sequence one[] = {sequence};
  EXPECT_THAT(*rival->read(one), ElementsAre("hello"));

  const auto before = rival->counters().live;
  EXPECT_EQ(verdict(commit(std::vector<Group>{records({"too late"})})), "error: fenced");
  EXPECT_EQ(verdict(journal->landed(1)), "error: fenced");
  EXPECT_EQ(verdict(journal->maintain(subject->clock.wall(), {})), "error: fenced");
  EXPECT_EQ(rival->counters().live, before);
}

TEST_P(JournalConformance, AfterAFailedSyncNothingCommitsBeforeARestart) {
  const auto sequence = commit("before");
  if (!subject->arm_sync_failure()) return does_not_apply("has no sync of its own");
  EXPECT_EQ(verdict(commit(std::vector<Group>{records({"lost?"})})), "error: io");
  EXPECT_EQ(verdict(commit(std::vector<Group>{records({"after"})})), "error: io");
  EXPECT_TRUE(journal->counters().failed);
  EXPECT_EQ(read(sequence), "before") << "what is durable can still be read";
  restart();
  EXPECT_EQ(read(sequence), "before");
  EXPECT_FALSE(journal->counters().failed);
  EXPECT_EQ(read(commit("works")), "works");
}

TEST_P(JournalConformance, AfterAFailedSyncTheLeaseHoldsNoMoreBeforeARestart) {
  commit("before");
  EXPECT_TRUE(journal->lease().holds(subject->clock.monotonic()));
  if (!subject->arm_sync_failure()) return does_not_apply("has no sync of its own");
  EXPECT_EQ(verdict(commit(std::vector<Group>{records({"lost?"})})), "error: io");
  EXPECT_FALSE(journal->lease().holds(subject->clock.monotonic()))
      << "an outcome could not be recorded: no final dot is sent";
  restart();
  EXPECT_TRUE(journal->lease().holds(subject->clock.monotonic()));
}

// Space

TEST_P(JournalConformance, IntakeIsRefusedAboveTheWatermarkWhileTheRoadPassesAndRoomComesBack) {
  if (!subject->limit(16 << 20)) return does_not_apply("cannot be limited");
  restart();
  std::vector<Sequence> stored;
  auto intake = records({std::string(200'000, 'x')});
  intake.purpose = Purpose::intake;
  const auto fill = [&]() -> std::string {
    for (int i = 0; i < 1000; ++i) {
      const bool refusing = journal->space().refusing;
      auto receipts = commit(std::vector<Group>{intake});
      EXPECT_TRUE(!refusing || !receipts.ok()) << "said to refuse, and did not";
      if (!receipts.ok()) return verdict(receipts);
      stored.push_back(receipts->front().first);
    }
    return "never full";
  };
  EXPECT_EQ(fill(), "error: exhausted");
  EXPECT_LE(journal->space().used, journal->space().limit);
  ASSERT_GE(stored.size(), 10u);
  EXPECT_EQ(journal->counters().live, stored.size()) << "a refused batch stored nothing";
  EXPECT_EQ(verdict(commit(std::vector<Group>{records({"road"}), intake})), "error: exhausted");
  EXPECT_EQ(journal->counters().live, stored.size()) << "nor did a mixed one";

  Group settle;
  settle.events = {"settled"};
  settle.releases = stored;
  commit(settle);
  upkeep();
  EXPECT_FALSE(journal->space().refusing);
  EXPECT_TRUE(commit(std::vector<Group>{intake}).ok());
  restart();
  EXPECT_THAT(live, SizeIs(1));
}

TEST_P(JournalConformance, CountersCount) {
  const auto before = journal->counters();
  ASSERT_TRUE(commit(std::vector<Group>{records({"a", "b"}), telling({"x"})}).ok());
  const auto first = commit("c");
  commit(releasing({first}));
  const auto after = journal->counters();
  EXPECT_EQ(after.batches - before.batches, 3u);
  EXPECT_EQ(after.groups - before.groups, 4u);
  EXPECT_GE(after.syncs - before.syncs, 3u);
  EXPECT_GT(after.bytes_written, before.bytes_written);
  EXPECT_EQ(after.live, 2u);
  EXPECT_FALSE(after.failed);
  EXPECT_GT(journal->space().limit, 0u);
}

TEST_P(JournalConformance, BehavesLikeItsModelUnderCrashes) {
  for (std::uint64_t seed = 1; seed <= 20 && !HasFailure(); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    auto fresh = GetParam().make(seed);
    run_journal_model(*fresh, seed, 400);
  }
}

}  // namespace postrider::testing

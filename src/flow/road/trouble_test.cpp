// SPDX-License-Identifier: Apache-2.0
// A journal that does not take what the road has to say, or does not say whether it has.
#include <gmock/gmock.h>

#include "flow/road/road_fixture.h"

namespace postrider {
namespace {

using ::testing::SizeIs;
using RoadInTrouble = RoadFixture;

TEST_F(RoadInTrouble, AnOutcomeRefusedByAFullDiskIsOfferedAgainUntilItIsTaken) {
  accept({"a@b.example"});
  journal->commits_fail = Error{Code::exhausted, "no room"};
  tell(take(), taken());
  EXPECT_TRUE(log.has("alarm settlement_refused why=no room"));
  advance(std::chrono::minutes(3));
  EXPECT_TRUE(attempts().empty());
  EXPECT_TRUE(out.empty());  // what happened to it is known: never again
  EXPECT_EQ(road->counts().settling, 1);
  const auto refused = road->counts().settlements_refused.load();
  EXPECT_GE(refused, 3u);
  journal->commits_fail.reset();
  advance(std::chrono::minutes(1));
  ASSERT_THAT(attempts(), SizeIs(1));
  EXPECT_EQ(attempts()[0].kind, EventKind::delivered);
  EXPECT_EQ(live(), 0u);
  EXPECT_EQ(road->counts().settling, 0);
  EXPECT_EQ(road->counts().settlements_refused, refused);
}

// The first outcome finds no room, the second does, and then the process dies: whoever is found again must
// still have his content.
TEST_F(RoadInTrouble, AnOutcomeOfferedAgainLeavesTheContentToWhoMayNeedIt) {
  accept(std::vector<std::string>(150, "a@b.example"));
  ASSERT_THAT(out, SizeIs(2));
  journal->commits_fail = Error{Code::exhausted, "no room"};
  tell(take(), taken());
  journal->commits_fail.reset();
  tell(take(), taken());
  const auto told = attempts().size();
  ASSERT_LT(told, 150u);
  restart();
  EXPECT_EQ(road->counts().held, 0);
  while (!out.empty()) tell(take(), taken());
  EXPECT_THAT(attempts(), SizeIs(150));
  EXPECT_EQ(live(), 0u);
}

TEST_F(RoadInTrouble, ADeferralRefusedByAFullDiskWaitsFromItsOwnMoment) {
  const auto id = accept({"a@b.example"});
  journal->commits_fail = Error{Code::exhausted, "no room"};
  tell(take(), later());
  EXPECT_EQ(recipient(id).standing, Standing::settling);
  EXPECT_EQ(road->counts().settling, 1);
  advance(std::chrono::minutes(5));
  EXPECT_TRUE(out.empty());
  journal->commits_fail.reset();
  advance(std::chrono::minutes(1));
  EXPECT_EQ(take().to[0].attempt, 2);  // it was due meanwhile
  EXPECT_EQ(road->counts().settling, 0);
  EXPECT_THAT(attempts(), SizeIs(1));
}

TEST_F(RoadInTrouble, AnUnreachableJournalIsWaitedFor) {
  accept({"a@b.example"});
  journal->commits_fail = Error{Code::unavailable, "no connection"};
  tell(take(), taken());
  advance(std::chrono::minutes(5));
  EXPECT_TRUE(out.empty());
  journal->commits_fail.reset();
  work();
  EXPECT_THAT(attempts(), SizeIs(1));
  EXPECT_EQ(live(), 0u);
}

TEST_F(RoadInTrouble, AnOutcomeWhoseCommitBrokeIsToldOnce) {
  for (const bool stored : {true, false}) {
    accept({"a@b.example"});
    const auto before = attempts().size();
    database.break_next_commit(stored, 2);
    tell(take(), taken());
    for (int i = 0; i < 5; ++i) work();
    EXPECT_THAT(attempts(), SizeIs(before + 1)) << "stored: " << stored;
    EXPECT_EQ(live(), 0u);
    EXPECT_TRUE(out.empty());
  }
}

TEST_F(RoadInTrouble, ADeferralWhoseCommitBrokeKnowsItsNewPlace) {
  for (const bool stored : {true, false}) {
    const auto id = accept({"a@b.example"});
    database.break_next_commit(stored);
    tell(take(), later());
    for (int i = 0; i < 3; ++i) work();
    EXPECT_TRUE(is_stored(recipient(id).queued));
    EXPECT_EQ(*order(Road::Order::drop), 1u);
    EXPECT_EQ(live(), 0u);
  }
}

TEST_F(RoadInTrouble, AStoppedJournalStopsThePickingAndTheNextStartTriesAgainInDoubt) {
  const auto id = accept({"a@b.example"});
  accept({"later@b.example"}, now() + std::chrono::seconds(30));
  auto assignment = take();
  auto result = taken();
  result.intent = write_intent(assignment.to[0], id);
  journal->commits_fail = Error{Code::io, "sync failed"};
  tell(std::move(assignment), result);
  journal->commits_fail.reset();
  advance(std::chrono::minutes(2));
  EXPECT_TRUE(committer->stopped());
  EXPECT_TRUE(out.empty());
  EXPECT_TRUE(attempts().empty());

  restart();
  ASSERT_THAT(out, SizeIs(2));
  EXPECT_TRUE(recipient(id).in_doubt);
}

TEST_F(RoadInTrouble, AnOutcomeTheJournalWillNeverTakeIsAnAlarmAndNoSecondAttempt) {
  const auto id = accept({"a@b.example"});
  journal->commits_fail = Error{Code::invalid, "too large a batch"};
  tell(take(), taken());
  journal->commits_fail.reset();
  EXPECT_TRUE(log.has("alarm settlement_lost why=too large a batch"));
  advance(std::chrono::minutes(2));
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(recipient(id).standing, Standing::settling);
}

TEST_F(RoadInTrouble, LongRepliesAreSettledInGroupsThatFitAnywhere) {
  accept(std::vector<std::string>(100, "a@b.example"));
  auto refused = answer(550, "5.7.1", std::string(60'000, 'x'));
  const auto before = journal->counters().groups;
  tell(take(), refused);
  EXPECT_THAT(attempts(), SizeIs(100));
  EXPECT_GE(journal->counters().groups - before, 6u);
  EXPECT_EQ(live(), 0u);
}

TEST_F(RoadInTrouble, APlaceThatCouldNotBeReleasedIsReleasedLater) {
  journal::Group lost;  // a recipient whose message is gone
  const auto kind = static_cast<std::uint8_t>(records::Kind::intent);
  lost.entries.push_back({{kind, {9}, 0, 1, millis(now()), 1}, "", {}});
  committer->submit(std::move(lost), [](Result<journal::Receipt>) {});
  work();
  ASSERT_EQ(live(), 1u);
  commits_fail_after_restart = Error{Code::exhausted, "no room"};
  restart();
  EXPECT_EQ(live(), 1u);
  EXPECT_TRUE(log.has("alarm settlement_refused why=no room"));
  journal->commits_fail.reset();
  advance(std::chrono::minutes(1));
  EXPECT_EQ(live(), 0u);
}

TEST_F(RoadInTrouble, ADrainingRoadTakesHomeWhatIsOutAndHandsOutNothing) {
  accept({"a@b.example"});
  road->stop_picking();
  accept({"b@b.example"});
  ASSERT_THAT(out, SizeIs(1));
  EXPECT_EQ(road->counts().out, 1);
  tell(take(), taken());
  advance(std::chrono::minutes(2));
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(road->counts().out, 0);
  EXPECT_EQ(road->counts().waiting, 1);
  EXPECT_THAT(attempts(), SizeIs(1));
}

}  // namespace
}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
// Who is due later than an hour waits on disk only.
#include <gmock/gmock.h>

#include "flow/road/road_fixture.h"

namespace postrider {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RoadParks : public RoadFixture {
 protected:
  std::int64_t parked() const { return road->counts().parked; }
  std::size_t in_memory() const { return road->queue().recipients(); }
  std::vector<journal::Journal::LiveRecord> records() const {
    std::vector<journal::Journal::LiveRecord> all;
    const auto add = [&](journal::Sequence at, const journal::Label& label) { all.push_back({at, label}); };
    EXPECT_TRUE(journal->recall([](const journal::Label&) { return true; }, add).ok());
    return all;
  }
};

TEST_F(RoadParks, AndIsBackInTime) {
  accept({"a@b.example", "c@b.example"}, now() + hours(5));
  EXPECT_EQ(in_memory(), 2u);
  advance(minutes(2));
  EXPECT_EQ(in_memory(), 0u);
  EXPECT_EQ(parked(), 2);
  EXPECT_EQ(live(), 3u) << "nothing is released";
  advance(minutes(5 * 60 - 3));
  EXPECT_EQ(in_memory(), 2u);
  EXPECT_EQ(parked(), 0);
  EXPECT_THAT(out, IsEmpty());
  advance(minutes(2));
  ASSERT_THAT(out, SizeIs(1));
  EXPECT_THAT(out[0].to, SizeIs(2));
  tell(take(), taken());
  EXPECT_EQ(live(), 0u);
}

TEST_F(RoadParks, NotWhoIsDueWithinTheHour) {
  accept({"a@b.example"}, now() + minutes(55));
  advance(minutes(2));
  EXPECT_EQ(in_memory(), 1u);
}

TEST_F(RoadParks, AlsoAfterARestart) {
  accept({"a@b.example"}, now() + hours(30));
  restart();
  advance(minutes(2));
  EXPECT_EQ(parked(), 1);
  advance(hours(30));
  EXPECT_THAT(out, SizeIs(1));
}

TEST_F(RoadParks, AnOrderBringsThemBack) {
  const auto id = accept({"a@b.example"}, now() + hours(5));
  advance(minutes(2));
  ASSERT_EQ(parked(), 1);
  EXPECT_EQ(order(Road::Order::retry, RecipientId{id, 0}).error().code, Code::not_found);
  const auto what = road->begin_recall(RecipientId{id, 0});
  ASSERT_THAT(what.hashes, SizeIs(1));
  road->end_recall(recall(*journal, what), now());
  EXPECT_TRUE(order(Road::Order::retry, RecipientId{id, 0}).ok());
  EXPECT_THAT(out, SizeIs(1));
}

TEST_F(RoadParks, ASlowRecallBringsNobodyBackToWhereHeStoodBefore) {
  accept({"a@b.example"}, now() + hours(5));
  advance(minutes(2));
  const auto slow = recall(*journal, road->begin_recall({}));
  road->end_recall(recall(*journal, road->begin_recall({})), now());
  ASSERT_EQ(in_memory(), 1u);
  journal->to_clean = records();
  advance(minutes(1));
  journal->to_clean.clear();
  advance(minutes(2));
  ASSERT_EQ(in_memory(), 0u) << "parked again, at another place";
  road->end_recall(slow, now());
  EXPECT_EQ(in_memory(), 0u);
  EXPECT_EQ(parked(), 1);
  advance(hours(5));
  EXPECT_TRUE(is_stored(take().to[0].queued));
}

TEST_F(RoadParks, ASlowRecallBringsNobodyBackWhoHasGone) {
  accept({"a@b.example"}, now() + hours(5));
  advance(minutes(2));
  road->end_recall(recall(*journal, road->begin_recall({})), now());
  const auto slow = recall(*journal, road->begin_recall({}));
  EXPECT_EQ(*order(Road::Order::drop), 1u);
  road->end_recall(slow, now());
  EXPECT_EQ(in_memory(), 0u);
  EXPECT_EQ(live(), 0u);
}

TEST_F(RoadParks, NobodyIsAskedForWhenNobodyIsParked) {
  const auto id = accept({"a@b.example"}, now() + minutes(30));
  EXPECT_THAT(road->begin_recall(RecipientId{id, 0}).hashes, IsEmpty());
  EXPECT_THAT(road->begin_recall({}).hashes, IsEmpty());
}

TEST_F(RoadParks, WhatTheJournalCannotTellNowIsAskedAgain) {
  accept({"a@b.example"}, now() + hours(5));
  advance(minutes(2));
  database.set_reachable("a", false);
  advance(hours(5));
  EXPECT_EQ(in_memory(), 0u);
  EXPECT_TRUE(log.has("alarm parked_not_recalled"));
  EXPECT_EQ(road->counts().unreturned, 1);
  database.set_reachable("a", true);
  advance(minutes(2));
  EXPECT_THAT(out, SizeIs(1)) << "late, and not lost";
  EXPECT_EQ(road->counts().unreturned, 0);
}

// A request may be durable, and in the cleaner's way, before the road has heard of it.
TEST_F(RoadParks, TheCleanerBringsBackNobodyWhoIsYetToCome) {
  accept({"a@b.example"}, now() + hours(30));
  advance(minutes(2));
  ASSERT_EQ(parked(), 1);
  admissions_wait = true;
  accept({"c@d.example"});
  journal->to_clean = records();
  advance(minutes(1));
  journal->to_clean.clear();
  for (auto& admission : waiting_admissions) road->admitted(std::move(admission));
  work();
  EXPECT_THAT(out, SizeIs(1));
  EXPECT_EQ(road->queue().messages(), 2u) << "the parked one is back";
}

TEST_F(RoadParks, TheCleanerBringsBackWhoIsInItsWay) {
  accept({"a@b.example"}, now() + hours(30));
  advance(minutes(2));
  ASSERT_EQ(parked(), 1);
  journal->to_clean = records();
  const auto before = journal->to_clean.front().sequence;
  advance(minutes(3));
  journal->to_clean.clear();
  EXPECT_FALSE(is_stored(before));
  EXPECT_THAT(records(), SizeIs(2)) << "at their new places";
  advance(hours(30));
  EXPECT_THAT(out, SizeIs(1));
}

}  // namespace
}  // namespace postrider

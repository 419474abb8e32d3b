// SPDX-License-Identifier: Apache-2.0
// What a new process makes of what the last one left.
#include <gmock/gmock.h>

#include "flow/road/road_fixture.h"

namespace postrider {
namespace {

using ::testing::SizeIs;
using RoadRecovers = RoadFixture;

TEST_F(RoadRecovers, EverybodyWhoWaited) {
  accept({"a@b.example", "b@b.example"});
  accept({"c@b.example"}, now() + std::chrono::hours(1));
  restart();
  EXPECT_EQ(road->queue().recipients(), 3u);
  EXPECT_EQ(take().to.size(), 2u);
  EXPECT_TRUE(out.empty());
  EXPECT_TRUE(log.has("road_restored recipients=3 messages=2"));
}

TEST_F(RoadRecovers, AnIntentWithoutOutcomeIsTriedAtOnceAndCalledAPossibleDuplicate) {
  const auto id = accept({"a@b.example"});
  write_intent(take().to[0], id);
  restart();
  EXPECT_TRUE(recipient(id).in_doubt);
  tell(take(), taken());
  ASSERT_THAT(attempts(), SizeIs(1));
  EXPECT_TRUE(attempts()[0].possible_duplicate);
  EXPECT_EQ(live(), 0u);  // the old intent too
}

TEST_F(RoadRecovers, AnotherNodesIntentWaitsAsLongAsThatNodeMayWaitForItsAnswer) {
  const auto id = accept({"a@b.example", "calm@b.example"});
  const auto assignment = take();
  write_intent(assignment.to[0].n == 0 ? assignment.to[0] : assignment.to[1], id);
  restart("b");
  ASSERT_THAT(out, SizeIs(1));
  EXPECT_EQ(out[0].to[0].n, 1u);  // nobody else may be asking about this one
  advance(std::chrono::minutes(10) - std::chrono::seconds(1));
  EXPECT_THAT(out, SizeIs(1));
  advance(std::chrono::seconds(2));
  EXPECT_THAT(out, SizeIs(2));
}

TEST_F(RoadRecovers, ReleasesWhatNobodyNeedsAnyMore) {
  const auto id = accept({"a@b.example"});
  const auto to = out.front().to[0];
  tell(take(), taken());
  write_intent(to, id);  // of somebody already gone
  EXPECT_EQ(live(), 1u);
  restart();
  EXPECT_EQ(live(), 0u);
  EXPECT_EQ(road->queue().messages(), 0u);
}

TEST_F(RoadRecovers, ARecipientWhoseContentIsGoneIsHeldForTheOperator) {
  const auto id = accept({"a@b.example"});
  journal::Group group;
  group.releases.push_back(take().accepted);  // as if its place had been quarantined
  committer->submit(std::move(group), [](Result<journal::Receipt>) {});
  work();
  restart();
  EXPECT_EQ(recipient(id).standing, Standing::held);
  EXPECT_EQ(road->counts().held, 1);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(order(Road::Order::release, RecipientId{id, 0}).error().detail,
            "its content is lost; it can only be dropped");
  EXPECT_EQ(*order(Road::Order::release), 0u);
  EXPECT_EQ(*order(Road::Order::retry), 0u);
  EXPECT_EQ(recipient(id).standing, Standing::held);
  EXPECT_EQ(*order(Road::Order::drop, RecipientId{id, 0}), 1u);
  EXPECT_EQ(live(), 0u);
}

TEST_F(RoadRecovers, ALineOfManyKeepsItsDueTimes) {
  const auto id = accept({"a@b.example"}, now() + std::chrono::hours(2));
  const auto due = recipient(id).due_ms;
  restart();
  EXPECT_EQ(recipient(id).due_ms, due);
  advance(std::chrono::hours(2) - std::chrono::seconds(1));
  EXPECT_TRUE(out.empty());
  advance(std::chrono::seconds(2));
  EXPECT_THAT(out, SizeIs(1));
}

}  // namespace
}  // namespace postrider

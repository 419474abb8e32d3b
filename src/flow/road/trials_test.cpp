// SPDX-License-Identifier: Apache-2.0
#include "flow/road/trials.h"

#include "flow/road/road_fixture.h"

namespace postrider {
namespace {

using namespace std::chrono_literals;
using testing::DiskOperation;

// A message that kills the process must not kill it for ever.
class RoadTries : public RoadFixture {};

TEST_F(RoadTries, WhomTheProcessDiedOverIsTriedAlone) {
  const auto deadly = accept({"a@there.example"});
  accept({"b@there.example"});
  EXPECT_EQ(out.size(), 2u);
  die_of(deadly, 0, 0);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].message, deadly);
  tell(take(), taken());  // we have survived it
  EXPECT_EQ(suspects->of({deadly, 0}), Suspects::Verdict::free);
  EXPECT_EQ(out.size(), 1u) << "and the other one goes";
}

TEST_F(RoadTries, TheOthersWaitForItTenSecondsAtMost) {
  const auto deadly = accept({"a@there.example"});
  accept({"b@there.example"});
  die_of(deadly, 0, 0);
  advance(9s);
  EXPECT_EQ(out.size(), 1u);
  advance(2s);
  EXPECT_EQ(out.size(), 2u);
}

TEST_F(RoadTries, OneAtATimeThoughTheyShareATransaction) {
  const auto message = accept({"a@there.example", "b@there.example", "c@there.example"});
  die_of(message, 0, 1);
  for (int trial = 0; trial < 2; ++trial) {
    ASSERT_EQ(out.size(), 1u);
    EXPECT_EQ(out[0].to.size(), 1u);
    advance(11s);
    EXPECT_EQ(out[0].to[0].n < 2, true);
    if (trial == 0) {
      ASSERT_EQ(out.size(), 2u) << "who is not suspected goes meanwhile";
      EXPECT_EQ(out[1].to[0].n, 2u);
      out.pop_back();
    }
    tell(take(), taken());
  }
  EXPECT_TRUE(out.empty());
}

TEST_F(RoadTries, ASecondDeathHoldsItAndSaysSo) {
  const auto deadly = accept({"a@there.example"});
  accept({"b@there.example"});
  die_of(deadly, 0, 0);
  die_of(deadly, 0, 0);
  const auto& held = recipient(deadly);
  EXPECT_EQ(held.standing, Standing::held);
  EXPECT_EQ(held.reason, Reason::suspected);
  EXPECT_EQ(road->counts().held, 1);
  EXPECT_EQ(road->counts().suspected, 1);
  EXPECT_TRUE(log.has("alarm recipient_held"));
  ASSERT_EQ(out.size(), 1u);
  EXPECT_NE(out[0].message, deadly);
  restart();
  EXPECT_EQ(recipient(deadly).standing, Standing::held);
}

TEST_F(RoadTries, WhoIsHeldStaysSoThoughAnotherNodeMayBeTryingIt) {
  const auto deadly = accept({"a@there.example"});
  write_intent(take().to[0], deadly);
  die_of(deadly, 0, 0);
  die_of(deadly, 0, 0);
  restart("b");
  EXPECT_EQ(recipient(deadly).standing, Standing::held);
  EXPECT_EQ(road->counts().held, 1);
  EXPECT_EQ(road->counts().suspected, 1);
  advance(11min);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(*order(Road::Order::release, RecipientId{deadly, 0}), 1u);
  EXPECT_EQ(road->counts().suspected, 0);
  EXPECT_TRUE(recipient(deadly).in_doubt);
  tell(take(), taken());
  EXPECT_EQ(live(), 0u);
}

TEST_F(RoadTries, ASuspectWhomAnotherNodeMayBeTryingIsTriedAloneAfterThat) {
  const auto deadly = accept({"a@there.example"});
  write_intent(take().to[0], deadly);
  die_of(deadly, 0, 0);
  restart("b");
  EXPECT_TRUE(out.empty());
  advance(10min + 2s);
  ASSERT_EQ(out.size(), 1u);
  accept({"b@there.example"});
  EXPECT_EQ(out.size(), 1u);
}

TEST_F(RoadTries, AnOperatorsReleaseLastsOverARestart) {
  const auto deadly = accept({"a@there.example"});
  die_of(deadly, 0, 0);
  die_of(deadly, 0, 0);
  EXPECT_EQ(*order(Road::Order::release, RecipientId{deadly, 0}), 1u);
  EXPECT_EQ(out.size(), 1u);
  EXPECT_EQ(road->counts().suspected, 0);
  restart();
  EXPECT_EQ(recipient(deadly).standing, Standing::picked);
}

TEST_F(RoadTries, AReleaseThatCannotBeNotedIsRefused) {
  const auto deadly = accept({"a@there.example"});
  die_of(deadly, 0, 0);
  die_of(deadly, 0, 0);
  disk.fail({.operations = testing::on({DiskOperation::sync})});
  EXPECT_FALSE(order(Road::Order::release, RecipientId{deadly, 0}).ok());
  EXPECT_EQ(recipient(deadly).standing, Standing::held);
}

TEST_F(RoadTries, WhatWasNotTriedWasNotSurvived) {
  const auto deadly = accept({"a@there.example"});
  die_of(deadly, 0, 0);
  auto report = report_of(take(), {});
  report.stale = true;
  tell(std::move(report));
  EXPECT_EQ(suspects->of({deadly, 0}), Suspects::Verdict::suspected);
  ASSERT_EQ(out.size(), 1u) << "tried again at once, and alone";
  tell(take(), later());
  EXPECT_EQ(suspects->of({deadly, 0}), Suspects::Verdict::free);
}

TEST_F(RoadTries, ADeathThatCannotBeNotedHoldsAtOnce) {
  const auto deadly = accept({"a@there.example"});
  disk.fail({.operations = testing::on({DiskOperation::sync})});
  die_of(deadly, 0, 0);
  EXPECT_EQ(recipient(deadly).standing, Standing::held);
  EXPECT_TRUE(log.has("alarm suspects_not_noted"));
  EXPECT_TRUE(out.empty());
}

TEST_F(RoadTries, APausedTenantsSuspectHoldsUpNobody) {
  const auto deadly = accept({"a@there.example"});
  may_send = false;
  die_of(deadly, 0, 0);
  EXPECT_TRUE(out.empty());
  may_send = true;
  advance(2s);
  EXPECT_EQ(out.size(), 1u);
}

TEST_F(RoadTries, ASuspectExpiresAsOthersDo) {
  const auto deadly = accept({"a@there.example"});
  may_send = false;
  die_of(deadly, 0, 0);
  advance(max_age + 2min);
  EXPECT_EQ(road->queue().recipients(), 0u);
  ASSERT_FALSE(attempts().empty());
  EXPECT_EQ(attempts().back().status, "5.4.7");
}

}  // namespace
}  // namespace postrider

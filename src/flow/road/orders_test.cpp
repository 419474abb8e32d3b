// SPDX-License-Identifier: Apache-2.0
// What an operator may do to those who wait: retry, release, drop.
#include <gmock/gmock.h>

#include <ctime>

#include "flow/road/road_fixture.h"

namespace postrider {
namespace {

using ::testing::SizeIs;

class RoadObeys : public RoadFixture {
 protected:
  MessageId put_off() {
    const auto id = accept({"a@b.example"});
    tell(take(), later());
    return id;
  }
  MessageId hold() {
    const auto id = accept({"a@b.example"});
    tell(take(), unread(Reading::damaged));
    return id;
  }
};

TEST_F(RoadObeys, RetryTriesWhatWaitsAtOnce) {
  const auto id = put_off();
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(*order(Road::Order::retry, RecipientId{id, 0}), 1u);
  EXPECT_EQ(take().to[0].attempt, 2);
}

TEST_F(RoadObeys, RetryTriesWhatIsHeldToo) {
  const auto id = hold();
  EXPECT_EQ(*order(Road::Order::retry, RecipientId{id, 0}), 1u);
  EXPECT_EQ(road->counts().held, 0);
  EXPECT_THAT(out, SizeIs(1));
}

TEST_F(RoadObeys, ReleaseFreesOnlyWhatIsHeld) {
  hold();
  put_off();
  EXPECT_EQ(*order(Road::Order::release), 1u);
  EXPECT_EQ(road->counts().held, 0);
  EXPECT_THAT(out, SizeIs(1));
}

TEST_F(RoadObeys, ReleaseOfSomebodyNotHeldIsRefusedInWords) {
  const auto id = put_off();
  const auto refused = order(Road::Order::release, RecipientId{id, 0});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::invalid);
  EXPECT_EQ(refused.error().detail, "it is not held");
}

TEST_F(RoadObeys, DropEndsOneWithADroppedEvent) {
  const auto id = accept({"first@there.example", "second@there.example"}, now() + std::chrono::hours(1));
  EXPECT_EQ(*order(Road::Order::drop, RecipientId{id, 1}), 1u);
  ASSERT_THAT(attempts(), SizeIs(1));
  EXPECT_EQ(attempts()[0].kind, EventKind::dropped);
  EXPECT_EQ(attempts()[0].recipient.n, 1u);
  EXPECT_EQ(attempts()[0].email, "second@there.example");
  EXPECT_EQ(attempts()[0].response, "dropped by the operator");
  EXPECT_EQ(attempts()[0].refusal, Refusal::none);
  EXPECT_EQ(live(), 2u);  // the message and the first
}

TEST_F(RoadObeys, ADropIsNoBounce) {
  put_off();
  EXPECT_EQ(*order(Road::Order::drop), 1u);
  EXPECT_EQ(road->counts().dropped, 1u);
  EXPECT_EQ(road->counts().bounced, 0u);
  EXPECT_EQ(road->counts().blocked, 0u);
}

TEST_F(RoadObeys, DropAllTakesWaitingAndHeldAndLeavesWhatIsOut) {
  hold();
  put_off();
  accept({"a@b.example"}, now() + std::chrono::hours(40));
  accept({"out@b.example"});
  ASSERT_THAT(out, SizeIs(1));
  EXPECT_EQ(*order(Road::Order::drop), 3u);
  EXPECT_EQ(road->queue().recipients(), 1u);
  EXPECT_EQ(road->counts().held, 0);
  EXPECT_EQ(road->scheduler().waiting(), 0u);
  tell(take(), taken());
  EXPECT_EQ(live(), 0u);
}

TEST_F(RoadObeys, DropAllOfThousandsWalksTheQueueOnce) {
  may_send = false;
  for (int i = 0; i < 50; ++i)
    accept(std::vector<std::string>(100, "a@b.example"), now() + std::chrono::hours(i % 2));
  EXPECT_EQ(*order(Road::Order::drop), 5000u);
  EXPECT_EQ(live(), 0u);
  EXPECT_THAT(attempts(), SizeIs(5000));
}

TEST_F(RoadObeys, ManyWhoAreHeldTakeNotMuchLongerThanManyWhoWait) {
  for (int i = 0; i < 20; ++i)
    accept(std::vector<std::string>(1000, "a@b.example"), now() + std::chrono::hours(1));
  const auto retry_all = [&] {
    const auto began = std::clock();
    EXPECT_EQ(road->order(Road::Order::retry, std::nullopt, now()).value(), 20'000u);
    return std::clock() - began;
  };
  const auto waiting = retry_all();
  work();
  hold_all();
  ASSERT_EQ(road->counts().held, 20'000);
  EXPECT_LT(retry_all(), 10 * waiting);
  EXPECT_EQ(road->counts().held, 0);
}

TEST_F(RoadObeys, WhileThousandsAreDroppedMailGoesOn) {
  accept(std::vector<std::string>(1000, "a@b.example"), now() + std::chrono::hours(1));
  journal->reads = 0;
  EXPECT_EQ(*road->order(Road::Order::drop, std::nullopt, now()), 1000u);
  EXPECT_LE(journal->reads, 100u);
  EXPECT_EQ(road->scheduler().waiting(), 0u);
  // Whoever hears of them meanwhile hears that it is decided.
  EXPECT_EQ(road->order(Road::Order::retry, std::nullopt, now()).value(), 0u);
  for (std::size_t before = journal->reads; road->step(now()) <= now(); before = journal->reads)
    EXPECT_LE(journal->reads - before, 100u);
  const auto id = accept({"b@b.example"});
  EXPECT_EQ(take().message, id);
  EXPECT_EQ(attempts().size(), 1000u);
  EXPECT_EQ(road->counts().dropped, 1000u);
}

TEST_F(RoadObeys, WhoeverIsOutIsNotTouched) {
  const auto id = accept({"a@b.example"});
  for (const auto what : {Road::Order::retry, Road::Order::drop}) {
    const auto refused = order(what, RecipientId{id, 0});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::unavailable);
    EXPECT_EQ(refused.error().detail, "its fate is being decided right now; ask again");
  }
  EXPECT_TRUE(attempts().empty());
}

TEST_F(RoadObeys, NobodyKnownIsNotFound) {
  const auto id = accept({"a@b.example"});
  EXPECT_EQ(order(Road::Order::drop, RecipientId{id, 1}).error().code, Code::not_found);
  EXPECT_EQ(order(Road::Order::retry, RecipientId{MessageId{}, 0}).error().code, Code::not_found);
}

TEST_F(RoadObeys, NothingIsDroppedThatCannotBeWrittenDown) {
  const auto id = put_off();
  accept({"a@b.example"});
  journal->commits_fail = Error{Code::io, "the disk is gone"};
  tell(take(), taken());
  const auto refused = order(Road::Order::drop, RecipientId{id, 0});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_EQ(recipient(id).standing, Standing::waiting);
}

TEST_F(RoadObeys, AnEmptyQueueObeysToo) {
  EXPECT_EQ(*order(Road::Order::drop), 0u);
  EXPECT_EQ(*order(Road::Order::retry), 0u);
  EXPECT_EQ(*order(Road::Order::release), 0u);
}

}  // namespace
}  // namespace postrider

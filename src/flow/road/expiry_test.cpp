// SPDX-License-Identifier: Apache-2.0
// When a recipient has had its time.
#include <gmock/gmock.h>

#include <ctime>

#include "flow/road/road_fixture.h"

namespace postrider {
namespace {

using std::chrono::milliseconds;
using ::testing::SizeIs;
using RoadExpires = RoadFixture;

TEST_F(RoadExpires, NotAMillisecondEarly) {
  accept({"a@b.example"});
  auto assignment = take();
  clock.advance(max_age - milliseconds(1));
  tell(std::move(assignment), later());
  ASSERT_THAT(attempts(), SizeIs(1));
  EXPECT_EQ(attempts()[0].kind, EventKind::deferred);
  EXPECT_EQ(road->queue().recipients(), 1u);
}

TEST_F(RoadExpires, ALastAttemptPutOffAtTheEndIsABounceWithThePeersLastWords) {
  accept({"a@b.example"});
  auto assignment = take();
  clock.advance(max_age);
  tell(std::move(assignment), later());
  ASSERT_THAT(attempts(), SizeIs(1));
  EXPECT_EQ(attempts()[0].kind, EventKind::bounce);
  EXPECT_EQ(attempts()[0].refusal, Refusal::blocked);
  EXPECT_EQ(attempts()[0].status, "5.4.7");
  EXPECT_EQ(attempts()[0].response, "expired after 72 h; last: 451 busy");
  EXPECT_EQ(attempts()[0].email, "r0@there.example");
  EXPECT_EQ(live(), 0u);
}

TEST_F(RoadExpires, ALastAttemptThatEndsInSilenceSaysThatItMayHaveArrived) {
  accept({"a@b.example"});
  auto report = report_of(take(), silence());
  report.ip = "192.0.2.9";
  report.tls_used = true;
  report.tls.version = "TLSv1.3";
  clock.advance(max_age);
  tell(std::move(report));
  ASSERT_THAT(attempts(), SizeIs(1));
  EXPECT_EQ(attempts()[0].kind, EventKind::bounce);
  EXPECT_EQ(attempts()[0].status, "5.4.7");
  EXPECT_EQ(attempts()[0].response, "expired after 72 h; last: no answer to the final dot");
  EXPECT_TRUE(attempts()[0].possible_duplicate);
  EXPECT_EQ(attempts()[0].ip, "192.0.2.9");
  EXPECT_EQ(attempts()[0].tls_version, "TLSv1.3");
  EXPECT_EQ(road->counts().possible_duplicates, 1u);
}

TEST_F(RoadExpires, TheLastAttemptIsMadeAtTheEndAndNotAfterIt) {
  const auto id = accept({"a@b.example"});
  auto assignment = take();
  clock.advance(max_age - std::chrono::seconds(5));
  tell(std::move(assignment), later());
  EXPECT_EQ(recipient(id).due_ms, recipient(id).message->since_ms + milliseconds(max_age).count());
  advance(std::chrono::seconds(6));
  tell(take(), taken());  // late mail that arrives after all has arrived
  EXPECT_EQ(attempts()[1].kind, EventKind::delivered);
}

TEST_F(RoadExpires, APausedTenantsMailExpiresInItsLine) {
  may_send = false;
  accept({"late@there.example"});
  advance(max_age - std::chrono::minutes(2));
  EXPECT_TRUE(attempts().empty());
  advance(std::chrono::minutes(3));
  ASSERT_THAT(attempts(), SizeIs(1));
  EXPECT_EQ(attempts()[0].kind, EventKind::bounce);
  EXPECT_EQ(attempts()[0].email, "late@there.example");  // which only the journal knew
  EXPECT_EQ(attempts()[0].response, "expired after 72 h");
  EXPECT_EQ(attempts()[0].attempt, 0);
  EXPECT_EQ(live(), 0u);
  EXPECT_TRUE(out.empty());
}

TEST_F(RoadExpires, AgeCountsFromWhenItWasToBeSent) {
  may_send = false;
  accept({"a@b.example"}, now() + std::chrono::hours(10));
  advance(max_age + std::chrono::hours(10) - std::chrono::minutes(2));
  EXPECT_TRUE(attempts().empty());
  advance(std::chrono::minutes(3));
  EXPECT_THAT(attempts(), SizeIs(1));
}

TEST_F(RoadExpires, WhatIsScheduledDoesNotLeaveEarly) {
  accept({"a@b.example"}, now() + std::chrono::hours(1));
  advance(std::chrono::minutes(60) - milliseconds(1));
  EXPECT_TRUE(out.empty());
  advance(milliseconds(300));  // the wheel's grain
  EXPECT_THAT(out, SizeIs(1));
}

TEST_F(RoadExpires, AHoldDoesNotStopTheClock) {
  const auto id = accept({"a@there.example"});
  tell(take(), unread(Reading::damaged));
  ASSERT_EQ(recipient(id).standing, Standing::held);
  advance(max_age - std::chrono::minutes(2));
  EXPECT_TRUE(attempts().empty());
  advance(std::chrono::minutes(3));
  ASSERT_THAT(attempts(), SizeIs(1));
  EXPECT_EQ(attempts()[0].response, "expired after 72 h");
  EXPECT_EQ(road->counts().held, 0);
  EXPECT_EQ(live(), 0u);
}

TEST_F(RoadExpires, ManyWhoAreHeldTakeNotMuchLongerThanManyWhoWait) {
  const auto expire_all = [&] {
    clock.advance(max_age);
    const auto began = std::clock();
    road->step(now());
    const auto took = std::clock() - began;
    work();
    EXPECT_EQ(road->queue().recipients(), 0u);
    return took;
  };
  const auto accept_many = [&] {
    for (int i = 0; i < 20; ++i) accept(std::vector<std::string>(1000, "a@b.example"));
  };
  may_send = false;
  accept_many();
  const auto waiting = expire_all();
  may_send = true;
  accept_many();
  hold_all();
  ASSERT_EQ(road->counts().held, 20'000);
  EXPECT_LT(expire_all(), 10 * waiting);
  EXPECT_EQ(road->counts().held, 0);
}

TEST_F(RoadExpires, WhoseAgeIsLostIsHeldForAsLongAgainAsFromWhenItWasDue) {
  const auto id = accept({"a@there.example"}, now() + std::chrono::hours(10));
  journal::Group damage;  // the record that says how old it is
  damage.releases = {recipient(id).message->accepted};
  committer->submit(std::move(damage), [](Result<journal::Receipt>) {});
  work();
  restart();
  ASSERT_EQ(recipient(id).standing, Standing::held);
  advance(max_age + std::chrono::hours(10) - std::chrono::minutes(2));
  EXPECT_TRUE(attempts().empty());
  advance(std::chrono::minutes(3));
  EXPECT_THAT(attempts(), SizeIs(1));
  EXPECT_EQ(live(), 0u);
}

TEST_F(RoadExpires, WhatIsOutIsNotSweptAway) {
  accept({"a@b.example"});
  auto assignment = take();
  advance(max_age + std::chrono::hours(1));
  EXPECT_TRUE(attempts().empty());
  tell(std::move(assignment), taken());
  EXPECT_EQ(attempts()[0].kind, EventKind::delivered);
}

}  // namespace
}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
// The same request twice is one message.
#include <gmock/gmock.h>

#include "flow/intake/intake_fixture.h"

namespace postrider {
namespace {

using ::testing::SizeIs;

class IntakeOnce : public IntakeFixture {
 protected:
  Submission order(std::string key = "order-17", std::uint8_t digest = 1) {
    return under_key(mail({to({"a@b.example"})}), std::move(key), digest);
  }
};

TEST_F(IntakeOnce, TheSameRequestAgainIsAnsweredWithTheFirstOnesId) {
  const auto first = take(order()), again = take(order());
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_FALSE(first->replayed);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->message, first->message);
  EXPECT_THAT(admitted, SizeIs(1));
  EXPECT_THAT(told(), SizeIs(1));
  EXPECT_EQ(journal.counters().live, 2u);
}

TEST_F(IntakeOnce, AnotherRequestUnderTheSameKeyIsRefused) {
  ASSERT_TRUE(take(order()).ok());
  EXPECT_EQ(take(order("order-17", 2)).error().code, Code::exists);
  EXPECT_TRUE(take(order("order-18", 2)).ok());
  EXPECT_THAT(admitted, SizeIs(2));
}

TEST_F(IntakeOnce, TwoAtTheSameMomentAreOne) {
  submit(order());
  submit(order());
  submit(order("order-17", 2));
  commit();
  ASSERT_THAT(answers, SizeIs(3));
  ASSERT_TRUE(answers[0].ok() && answers[1].ok());
  EXPECT_EQ(answers[1]->message, answers[0]->message);
  EXPECT_TRUE(answers[1]->replayed);
  EXPECT_EQ(answers[2].error().code, Code::exists);
  EXPECT_THAT(admitted, SizeIs(1));
}

TEST_F(IntakeOnce, ALargeRequestThatReplaysLeavesNoBodyBehind) {
  auto large = order();
  large.shared.content[0].value = std::string(1 << 20, 'x');
  const auto first = take(large);
  ASSERT_TRUE(first.ok());
  const auto used = journal.space().used;
  EXPECT_EQ(take(large)->message, first->message);
  EXPECT_EQ(journal.space().used, used);

  // At the same moment only the commit knows.
  large.idempotency->key = "order-18";
  answers.clear();
  submit(large);
  submit(large);
  EXPECT_GT(journal.space().used, used + (2 << 20));
  commit();
  ASSERT_THAT(answers, SizeIs(2));
  EXPECT_TRUE(answers[1].ok() && answers[1]->replayed);
  EXPECT_LT(journal.space().used, used + (2 << 20));
}

TEST_F(IntakeOnce, KeysOfOneAccountMeanNothingToAnother) {
  auto other = order();
  other.tenant = TenantId{8};
  const auto mine = take(order()), theirs = take(other);
  ASSERT_TRUE(mine.ok() && theirs.ok());
  EXPECT_FALSE(theirs->replayed);
  EXPECT_NE(theirs->message, mine->message);
}

TEST_F(IntakeOnce, AKeyIsRememberedOverARestart) {
  const auto first = take(order());
  labels();  // recovers anew
  const auto again = take(order());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->message, first->message);
}

TEST_F(IntakeOnce, AKeyIsForgottenAfterTwoDaysAndNotWithinOne) {
  const auto first = take(order());
  clock.advance(std::chrono::hours(48) - std::chrono::milliseconds(1));
  EXPECT_EQ(take(order())->message, first->message);
  clock.advance(std::chrono::milliseconds(1));
  const auto later = take(order());
  EXPECT_FALSE(later->replayed);
  EXPECT_NE(later->message, first->message);
}

TEST_F(IntakeOnce, WhatWasNotStoredHoldsNoKey) {
  database.set_reachable("a", false);
  EXPECT_FALSE(take(order()).ok());
  database.set_reachable("a", true);
  const auto again = take(order("order-17", 2));
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->replayed);
}

TEST_F(IntakeOnce, ARefusedRequestHoldsNoKey) {
  auto foreign = order();
  foreign.shared.from.email = "me@elsewhere.example";
  EXPECT_EQ(take(foreign).error().code, Code::forbidden);
  EXPECT_FALSE(take(order())->replayed);
}

TEST_F(IntakeOnce, WithoutAKeyEveryRequestIsAMessage) {
  ASSERT_TRUE(take(mail({to({"a@b.example"})})).ok());
  ASSERT_TRUE(take(mail({to({"a@b.example"})})).ok());
  EXPECT_THAT(admitted, SizeIs(2));
  EXPECT_NE(admitted[0].id, admitted[1].id);
}

}  // namespace
}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#include "flow/schedule/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>

namespace postrider {
namespace {

class SchedulerTest : public ::testing::Test {
 protected:
  Recipient& recipient(std::uint64_t tenant, std::uint32_t lane, std::int64_t due = 0,
                       Message* same = nullptr) {
    if (!same) {
      messages_.push_back(std::make_unique<Message>());
      messages_.back()->tenant = TenantId{tenant};
      messages_.back()->since_ms = now;
      same = messages_.back().get();
    }
    recipients_.push_back(std::make_unique<Recipient>());
    auto& made = *recipients_.back();
    made.message = same;
    made.lane = lane;
    made.due_ms = due;
    made.n = static_cast<std::uint32_t>(recipients_.size());
    return made;
  }
  std::vector<Assignment> due(Scheduler& from) {
    auto pick = from.pick(now);
    auto* work = std::get_if<Scheduler::Due>(&pick);
    return work ? std::move(work->assignments) : std::vector<Assignment>();
  }

  std::int64_t now = 1'000'000;
  bool may = true;
  std::vector<std::unique_ptr<Message>> messages_;
  std::vector<std::unique_ptr<Recipient>> recipients_;
  Scheduler scheduler{{.window_start = 2, .window_most = 4, .recipients_most = 3, .out_most = 100},
                      {},
                      [this](TenantId) { return may; },
                      now};
};

TEST_F(SchedulerTest, NobodyIsIdleSomebodyLaterIsAWait) {
  EXPECT_TRUE(std::holds_alternative<Scheduler::Idle>(scheduler.pick(now)));
  scheduler.add(recipient(1, 0, now + 5000), now);
  auto pick = scheduler.pick(now);
  ASSERT_TRUE(std::holds_alternative<Scheduler::Wait>(pick));
  EXPECT_GT(std::get<Scheduler::Wait>(pick).until_ms, now);
  now += 5500;
  EXPECT_EQ(due(scheduler).size(), 1u);
}

TEST_F(SchedulerTest, RecipientsOfOnePersonalizationShareATransaction) {
  auto& first = recipient(1, 0);
  scheduler.add(first, now);
  for (int i = 0; i < 4; ++i) scheduler.add(recipient(1, 0, 0, first.message), now);
  auto work = due(scheduler);
  ASSERT_EQ(work.size(), 2u);
  EXPECT_EQ(work[0].to.size(), 3u);
  EXPECT_EQ(work[1].to.size(), 2u);
  EXPECT_EQ(first.standing, Standing::picked);
}

TEST_F(SchedulerTest, ATransactionIsOfOnePersonalizationAndNamesIt) {
  auto& before = recipient(1, 0);
  auto& after = recipient(1, 0, 0, before.message);
  using Variants = std::vector<VariantRef>;
  before.message->variants = std::make_unique<Variants>(
      Variants{{.sequence = {10}, .first = before.n}, {.sequence = {11}, .first = after.n, .index = 4}});
  scheduler.add(before, now);
  scheduler.add(after, now);
  const auto work = due(scheduler);
  ASSERT_EQ(work.size(), 2u);
  EXPECT_EQ(work[0].index, 0u);
  EXPECT_EQ(work[1].index, 4u);
  EXPECT_EQ(work[1].variant, journal::Sequence{11});
  EXPECT_EQ(work[1].first, after.n);
}

TEST_F(SchedulerTest, TheWindowBoundsWhatIsOutAndGrowsWithAnswers) {
  for (int i = 0; i < 10; ++i) scheduler.add(recipient(1, 0), now);
  auto work = due(scheduler);
  ASSERT_EQ(work.size(), 2u);
  EXPECT_TRUE(due(scheduler).empty());
  scheduler.returned(work[0], Scheduler::Went::well, now);
  EXPECT_EQ(due(scheduler).size(), 2u);  // the window is 3 now, one is still out
}

TEST_F(SchedulerTest, TenantsTakeTurnsOnADestination) {
  for (int i = 0; i < 50; ++i) scheduler.add(recipient(1, 0), now);
  scheduler.add(recipient(2, 0), now);
  auto work = due(scheduler);
  ASSERT_EQ(work.size(), 2u);
  EXPECT_NE(work[0].tenant, work[1].tenant);
}

TEST_F(SchedulerTest, AFailedSiteIsLeftAloneForAllAndOthersGoOn) {
  for (int i = 0; i < 5; ++i) scheduler.add(recipient(1, 0), now);
  auto work = due(scheduler);
  for (auto& assignment : work) scheduler.returned(assignment, Scheduler::Went::site_failed, now);
  scheduler.add(recipient(1, 1), now);
  work = due(scheduler);
  ASSERT_EQ(work.size(), 1u);
  EXPECT_EQ(work[0].lane, 1u);
  now += site_pause(1).count();
  work = due(scheduler);
  ASSERT_EQ(work.size(), 1u);  // one probe, not a herd
  EXPECT_EQ(work[0].lane, 0u);
}

class QuietSites : public SchedulerTest {
 protected:
  // What a site takes of what it has in line: `lanes` says who got something.
  std::vector<Assignment> hand_out(std::vector<std::uint32_t> expected) {
    auto work = due(scheduler);
    std::vector<std::uint32_t> lanes;
    for (const auto& assignment : work) lanes.push_back(assignment.lane);
    std::ranges::sort(lanes);
    EXPECT_EQ(lanes, expected);
    return work;
  }
  void add(std::uint32_t lane, int count) {
    for (int i = 0; i < count; ++i) scheduler.add(recipient(1, lane), now);
  }

  Scheduler scheduler{{.window_start = 2,
                       .window_most = 4,
                       .out_most = 4,
                       .quiet_most = 5,
                       .quiet_after = std::chrono::seconds(30)},
                      {},
                      [this](TenantId) { return may; },
                      now};
};

TEST_F(QuietSites, LeaveTheOthersTheirRoom) {
  add(0, 5), add(1, 5);
  const auto silent = hand_out({0, 0, 1, 1});
  add(2, 3);
  now += 29'999;
  hand_out({});
  now += 1;
  const auto work = hand_out({2, 2});  // and no more to those who keep silent
  EXPECT_EQ(scheduler.out(), 6u);
  for (const auto& assignment : work) scheduler.returned(assignment, Scheduler::Went::well, now);
  hand_out({2});
  // One speaks again: what it has takes room as before, until it has been quiet for as long again.
  scheduler.returned(silent[0], Scheduler::Went::well, now);
  add(3, 1), hand_out({0, 3});
  add(4, 1), hand_out({});
  now += 30'000;
  hand_out({4});
}

TEST_F(QuietSites, AreBoundedThemselves) {
  add(0, 2), add(1, 2);
  hand_out({0, 0, 1, 1});
  now += 30'000;
  add(2, 2), add(3, 2);
  hand_out({2, 2, 3, 3});
  now += 30'000;
  add(4, 2);
  hand_out({});  // there is room for two quiet sites, and half of one
  EXPECT_EQ(scheduler.out(), 8u);
}

TEST_F(QuietSites, AreNotThoseThatTakeTheirTimeOneByOne) {
  add(0, 3);
  auto work = hand_out({0, 0});
  now += 20'000;
  scheduler.returned(work[0], Scheduler::Went::well, now);
  hand_out({0});
  now += 20'000;
  add(0, 5);
  hand_out({0});  // its window has grown to three, and is not that of a quiet one
  now += 10'000;
  hand_out({});
}

TEST_F(SchedulerTest, APauseHoldsAndDoesNotStopTheClock) {
  scheduler.add(recipient(1, 0), now);
  may = false;
  EXPECT_TRUE(due(scheduler).empty());
  now += std::chrono::milliseconds(std::chrono::hours(71)).count();
  EXPECT_TRUE(scheduler.expired(now).empty());
  now += std::chrono::milliseconds(std::chrono::hours(1)).count();
  EXPECT_EQ(scheduler.expired(now).size(), 1u);
  EXPECT_EQ(scheduler.waiting(), 0u);
}

TEST_F(SchedulerTest, WhoIsBeingCopiedWaitsItsTurn) {
  auto& copied = recipient(1, 0);
  scheduler.add(copied, now);
  copied.standing = Standing::settling;
  EXPECT_TRUE(due(scheduler).empty());
  copied.standing = Standing::waiting;
  EXPECT_EQ(due(scheduler).size(), 1u);
}

TEST(RetryPolicy, GapsGrowAndAreSpreadByATenthAtMost) {
  RetryPolicy policy;
  std::chrono::milliseconds last{0};
  for (std::uint16_t attempt = 1; attempt < 10; ++attempt) {
    std::chrono::milliseconds least = std::chrono::hours(1000), most{0};
    for (std::uint32_t n = 0; n < 200; ++n) {
      const auto gap = policy.gap(attempt, RecipientId{{}, n});
      least = std::min(least, gap);
      most = std::max(most, gap);
    }
    EXPECT_GE(least, last);
    EXPECT_LE(most, least * 11 / 10);
    EXPECT_GT(most, least);
    last = attempt < 8 ? least : last;
  }
}

}  // namespace
}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#include "app/upkeep.h"

#include <gtest/gtest.h>

#include "audit/entry.h"
#include "readers/activity/activity.h"
#include "readers/cursors.h"
#include "services/accounts/account.h"
#include "services/accounts/schema.h"
#include "store/control_feed.h"
#include "testing/fake_clock.h"
#include "testing/memory_log.h"
#include "testing/stores.h"

namespace postrider::app {
namespace {

using namespace std::chrono_literals;

TEST(Upkeep, DoesEachChoreAtOnceAndThenInItsOwnRhythm) {
  testing::MemoryLog log;
  Upkeep upkeep(log);
  int often = 0, seldom = 0;
  upkeep.add("often", 1min, [&]() -> Result<void> { return ++often, Result<void>(); });
  upkeep.add("seldom", 24h, [&]() -> Result<void> { return ++seldom, Result<void>(); });
  const Instant start{1h};
  for (auto now = start; now < start + 24h; now += 10s) upkeep.step(now);
  EXPECT_EQ(often, 24 * 60);
  EXPECT_EQ(seldom, 1);
  upkeep.step(start + 24h);
  EXPECT_EQ(seldom, 2);
}

TEST(Upkeep, AFailureIsSaidComesAgainSoonAndStopsNobodyElse) {
  testing::MemoryLog log;
  Upkeep upkeep(log);
  int tried = 0, other = 0;
  upkeep.add("sweeping", 24h, [&]() -> Result<void> {
    if (++tried == 1) return Error{Code::unavailable, "locked"};
    return {};
  });
  upkeep.add("other", 24h, [&]() -> Result<void> { return ++other, Result<void>(); });
  upkeep.step(Instant{1h});
  EXPECT_TRUE(log.has("warning upkeep_failed chore=sweeping why=locked"));
  EXPECT_EQ(other, 1);
  upkeep.step(Instant{1h + 1min});
  upkeep.step(Instant{2h});
  EXPECT_EQ(tried, 2);
}

class RetentionTest : public testing::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    store = open(
        {&audit::schema(), &accounts::schema(), &readers::schema(), &activity::schema(), &capture::schema()});
    captures.emplace(*store);
    add_retention(upkeep, *store, *captures, clock, std::chrono::days(7));
  }
  void pass(Duration time) {
    clock.advance(time);
    upkeep.step(clock.monotonic());
  }
  void announce(const std::string& name) {
    ASSERT_TRUE(accounts::Accounts(*store).create(name, {clock.wall(), "operator:test", "", "r"}).ok());
  }

  testing::FakeClock clock;
  testing::MemoryLog log;
  Upkeep upkeep{log};
  std::unique_ptr<store::Store> store;
  std::optional<capture::Captures> captures;
};

TEST_P(RetentionTest, CapturedMailGoesAfterItsDaysHoweverMuchThereIs) {
  std::vector<capture::CapturedMessage> many(2500);
  const auto raw = std::make_shared<std::string>("raw");
  for (std::size_t i = 0; i < many.size(); ++i)
    many[i] = {TenantId{1}, std::to_string(i), "", "a@b.example", "", "", clock.wall(), raw};
  ASSERT_TRUE(captures->append(many).ok());
  pass(std::chrono::days(capture::kept_days) + 1h);
  EXPECT_EQ(*captures->sweep(clock.wall()), 0);  // nothing was left to sweep
}

TEST_P(RetentionTest, WhatReadersSetAsideGoesAfterThirtyDays) {
  ASSERT_TRUE(store::writing(*store, [&](store::Transaction& tx) -> Result<void> {
                PR_TRY(readers::set_aside(tx, {"activity", "n"}, 1, {1, "odd"}, "damaged", clock.wall()));
                return tx.commit_system("test");
              }).ok());
  pass(std::chrono::days(31));
  EXPECT_EQ(*readers::sweep(*store, clock.wall()), 0);  // nothing was left to sweep
}

TEST_P(RetentionTest, TheControlFeedForgetsWhatItToldAnHourAgo) {
  announce("one");
  store::ControlFeed feed(*store);
  pass(0s);
  EXPECT_EQ(feed.changes_after(0)->size(), 1u);
  announce("two");
  pass(59min);
  EXPECT_EQ(feed.changes_after(0)->size(), 2u);
  pass(1min);
  EXPECT_EQ(feed.changes_after(0).error().code, Code::not_found);
  EXPECT_EQ(feed.changes_after(1)->size(), 1u);  // the second has been told for less than an hour
  pass(1h);
  EXPECT_EQ(feed.changes_after(1).error().code, Code::not_found);
  EXPECT_TRUE(feed.changes_after(2)->empty());
  EXPECT_FALSE(log.has("warning"));
}

INSTANTIATE_TEST_SUITE_P(Memory, RetentionTest, ::testing::Values("memory"), testing::engine_name);

}  // namespace
}  // namespace postrider::app

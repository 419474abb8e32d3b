// SPDX-License-Identifier: Apache-2.0
#include "flow/schedule/wheel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <vector>

#include "testing/seeded_random.h"

namespace postrider {
namespace {

TEST(Wheel, HandsOutEachOnceNeverEarlyAndSoonAfter) {
  testing::SeededRandom random(3);
  const std::int64_t start = 1'700'000'123'456;
  Wheel wheel(start);
  std::vector<std::unique_ptr<Recipient>> all;
  for (int i = 0; i < 5000; ++i) {
    auto recipient = std::make_unique<Recipient>();
    const std::int64_t spans[] = {300, 60'000, 3'600'000, 100 * 3'600'000};
    recipient->due_ms =
        start + 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(spans[i % 4])));
    wheel.add(*recipient);
    all.push_back(std::move(recipient));
  }
  std::size_t handed = 0;
  for (auto now = start; wheel.count() > 0;) {
    const auto next = wheel.next_ms();
    ASSERT_GT(next, now);
    now = next;
    wheel.advance(now, [&](Recipient& recipient) {
      ++handed;
      EXPECT_LE(recipient.due_ms, now);
      EXPECT_GT(recipient.due_ms + 512, now);
      recipient.due_ms = -1;
    });
  }
  EXPECT_EQ(handed, all.size());
}

TEST(Wheel, ALongSleepHandsOutEverythingDue) {
  Wheel wheel(0);
  Recipient a, b;
  a.due_ms = 1000;
  b.due_ms = 50 * 3'600'000;
  wheel.add(a);
  wheel.add(b);
  int handed = 0;
  wheel.advance(49 * 3'600'000, [&](Recipient& recipient) {
    ++handed;
    EXPECT_EQ(&recipient, &a);
  });
  EXPECT_EQ(handed, 1);
  wheel.remove_if([&](const Recipient& one) { return &one == &b; });
  EXPECT_EQ(wheel.next_ms(), INT64_MAX);
}

TEST(Wheel, GivesUpThoseDueLaterWhoAreWanted) {
  const std::int64_t hour = 3'600'000;
  Wheel wheel(7 * hour + 123);
  std::array<Recipient, 6> all;
  const std::int64_t due[] = {hour / 2, hour - 1, hour + 1, 5 * hour, 71 * hour, 100 * hour};
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].due_ms = 7 * hour + 123 + due[i];
    wheel.add(all[i]);
  }
  std::vector<Recipient*> taken;
  const auto take = [&](Recipient& recipient) { taken.push_back(&recipient); };
  const auto later = [&](const Recipient& recipient) { return recipient.due_ms > 8 * hour + 123; };
  wheel.take_later(8 * hour + 123, [](const Recipient&) { return false; }, take);
  EXPECT_TRUE(taken.empty());
  wheel.take_later(8 * hour + 123, later, take);
  EXPECT_THAT(taken, ::testing::UnorderedElementsAre(&all[2], &all[3], &all[4], &all[5]));
  EXPECT_EQ(wheel.count(), 2u);
  for (const auto* recipient : taken) EXPECT_EQ(recipient->next, nullptr);
  int handed = 0;
  wheel.advance(9 * hour, [&](Recipient&) { ++handed; });
  EXPECT_EQ(handed, 2);
}

}  // namespace
}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#include "io/deadline_wheel.h"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <random>

namespace postrider::io {
namespace {

using namespace std::chrono_literals;

struct Probe final : DeadlineWheel::Entry {
  void expire() override {
    ++expired;
    if (then) then();
  }
  int expired = 0;
  std::function<void()> then;
};

Instant at(Duration time) {
  return Instant(time);
}

TEST(DeadlineWheel, expires_up_to_a_tick_late_and_never_early) {
  DeadlineWheel wheel(at(1s));
  Probe probe;
  wheel.add(probe, at(1s + 120ms));
  wheel.advance(at(1s + 119ms));
  EXPECT_EQ(probe.expired, 0);
  wheel.advance(at(1s + 120ms + DeadlineWheel::tick));
  EXPECT_EQ(probe.expired, 1);
  EXPECT_TRUE(wheel.empty());
}

TEST(DeadlineWheel, a_removed_entry_stays_quiet) {
  DeadlineWheel wheel(at(0s));
  Probe probe;
  wheel.add(probe, at(1s));
  wheel.remove(probe);
  wheel.remove(probe);
  wheel.advance(at(1h));
  EXPECT_EQ(probe.expired, 0);
}

TEST(DeadlineWheel, an_entry_in_the_past_expires_at_the_next_tick) {
  DeadlineWheel wheel(at(10s));
  Probe probe;
  wheel.add(probe, at(1s));
  EXPECT_TRUE(wheel.is_past(at(1s)));
  wheel.advance(at(10s + DeadlineWheel::tick));
  EXPECT_EQ(probe.expired, 1);
}

TEST(DeadlineWheel, an_entry_turns_later_is_passed_over_until_then) {
  DeadlineWheel wheel(at(0s));
  Probe probe;
  wheel.add(probe, at(5min));
  for (Duration now = 0s; now < 5min; now += DeadlineWheel::tick) wheel.advance(at(now));
  EXPECT_EQ(probe.expired, 0);
  wheel.advance(at(5min + DeadlineWheel::tick));
  EXPECT_EQ(probe.expired, 1);
}

TEST(DeadlineWheel, a_long_sleep_loses_nobody) {
  DeadlineWheel wheel(at(0s));
  std::deque<Probe> probes(2000);
  for (std::size_t i = 0; i < probes.size(); ++i) wheel.add(probes[i], at(i * 37ms));
  wheel.advance(at(1h));
  for (const Probe& probe : probes) EXPECT_EQ(probe.expired, 1);
}

TEST(DeadlineWheel, expiring_may_add_and_remove_entries_of_the_same_slot) {
  DeadlineWheel wheel(at(0s));
  Probe first, second, third;
  wheel.add(first, at(1s));
  wheel.add(second, at(1s));
  first.then = [&] {
    wheel.remove(second);
    wheel.add(third, at(1s));
  };
  wheel.advance(at(2s));
  EXPECT_EQ(second.expired, 0);
  EXPECT_EQ(third.expired, 0);
  wheel.advance(at(2s + DeadlineWheel::tick));
  EXPECT_EQ(third.expired, 1);
}

TEST(DeadlineWheel, agrees_with_a_plain_list) {
  std::mt19937_64 random(7);
  DeadlineWheel wheel(at(0s));
  std::deque<Probe> probes(500);
  std::vector<Duration> due(probes.size());
  Duration now = 0s;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    due[i] = std::chrono::milliseconds(random() % 120'000);
    wheel.add(probes[i], at(due[i]));
  }
  while (!wheel.empty()) {
    now += std::chrono::milliseconds(random() % 3'000);
    wheel.advance(at(now));
    for (std::size_t i = 0; i < probes.size(); ++i) {
      if (due[i] > now) ASSERT_EQ(probes[i].expired, 0);
      if (due[i] + DeadlineWheel::tick <= now) ASSERT_EQ(probes[i].expired, 1);
    }
  }
}

}  // namespace
}  // namespace postrider::io

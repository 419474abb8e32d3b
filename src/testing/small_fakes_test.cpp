// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "testing/fake_clock.h"
#include "testing/memory_log.h"
#include "testing/seeded_random.h"

namespace postrider::testing {
namespace {

using namespace std::chrono_literals;

TEST(SeededRandom, TheSeedDecides) {
  SeededRandom a(1), b(1), c(2);
  const auto first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, c.next());
  std::uint8_t bytes[11] = {};
  a.fill(bytes);
  std::uint8_t same[11] = {};
  b.fill(same);
  EXPECT_EQ(std::vector<std::uint8_t>(bytes, bytes + 11), std::vector<std::uint8_t>(same, same + 11));
}

TEST(SeededRandom, AForkDoesNotDisturbItsParent) {
  SeededRandom a(1), b(1);
  auto fork_a = a.fork();
  auto fork_b = b.fork();
  fork_a.word();
  fork_a.word();
  EXPECT_EQ(a.word(), b.word());
  EXPECT_NE(fork_a.word(), fork_b.word());
}

TEST(SeededRandom, BetweenReachesBothEnds) {
  SeededRandom random(1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(random.between(3, 6));
  EXPECT_EQ(seen, (std::set<std::uint64_t>{3, 4, 5, 6}));
}

TEST(FakeClock, AdvancesBothAndJumpsOne) {
  FakeClock clock;
  EXPECT_EQ(millis(clock.wall()), 1'767'225'600'000);
  const auto start = clock.monotonic();
  clock.advance(1500us);
  EXPECT_EQ(millis(clock.wall()), 1'767'225'600'001);
  EXPECT_EQ(clock.monotonic() - start, 1500us);
  clock.jump_wall(-1h);
  EXPECT_EQ(millis(clock.wall()), 1'767'225'600'001 - 3'600'000);
  EXPECT_EQ(clock.monotonic() - start, 1500us);
  clock.advance_to(start);
  EXPECT_EQ(clock.monotonic() - start, 1500us) << "never backwards";
  EXPECT_EQ(millis(FakeClock(from_millis(5)).wall()), 5);
}

TEST(MemoryLog, KeepsLinesOrCounts) {
  MemoryLog lines;
  lines.alarm("journal_stopped", {{"why", "EIO"}, {"batch", 7}, {"final", true}});
  EXPECT_EQ(lines.lines(), std::vector<std::string>{"alarm journal_stopped why=EIO batch=7 final=true"});
  EXPECT_TRUE(lines.has("why=EIO"));
  EXPECT_FALSE(lines.has("warning"));
  MemoryLog counts(MemoryLog::Keep::counts);
  counts.alarm("x");
  counts.info("y");
  EXPECT_EQ(counts.alarms(), 1u);
  EXPECT_EQ(counts.count(Level::info), 1u);
  EXPECT_TRUE(counts.lines().empty());
}

}  // namespace
}  // namespace postrider::testing

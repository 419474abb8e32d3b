// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <set>

#include "journal/local/trial.h"

namespace postrider::journal::local {
namespace {

Options tiny() {
  auto options = LocalUnderTest::small();
  options.segment_bytes = 128 << 10;
  options.event_segment_bytes = 16 << 10;
  return options;
}

// Every point that the script and a restart meet.
std::set<std::string> all_points() {
  Trial trial(1, tiny());
  trial.on.record = true;
  EXPECT_TRUE(trial.start());
  for (int i = 0; i < 60; ++i) EXPECT_TRUE(trial.step());
  EXPECT_TRUE(trial.upkeep());
  trial.on.crash();
  EXPECT_TRUE(trial.start());
  trial.check();
  return {trial.on.points.begin(), trial.on.points.end()};
}

TEST(Crash, TheScriptMeetsEveryPoint) {
  EXPECT_THAT(all_points(),
              ::testing::IsSupersetOf(
                  {"journal.epoch_first",    "journal.epoch_durable",    "journal.segment_allocated",
                   "journal.key_written",    "journal.key_durable",      "journal.header_written",
                   "journal.header_durable", "journal.batch_written",    "journal.batch_durable",
                   "journal.carry_written",  "journal.carry_durable",    "journal.end_written",
                   "journal.end_durable",    "journal.hint_written",     "journal.hint_durable",
                   "journal.released_first", "journal.released_durable", "journal.key_erased",
                   "journal.key_gone",       "journal.recycled",         "journal.blob_written",
                   "journal.blob_durable",   "journal.blob_removed"}));
}

// Dies at each point, the first time, the second …, and is whole after each restart.
TEST(Crash, NothingIsLostOrDoubledAtAnyPoint) {
  for (const auto& point : all_points()) {
    for (std::uint64_t n = 0; n < 12; ++n) {
      SCOPED_TRACE(::testing::Message() << point << ", time " << n);
      Trial trial(n + 1, tiny());
      trial.on.die_at(point, n);
      bool alive = trial.start();
      for (int i = 0; alive && i < 60; ++i) alive = trial.step();
      if (alive) alive = trial.upkeep();
      const bool met = trial.on.crashed();
      EXPECT_TRUE(alive || met);
      trial.on.crash();
      ASSERT_TRUE(trial.start());
      trial.check();
      // And it goes on.
      for (int i = 0; i < 5; ++i) EXPECT_TRUE(trial.step());
      trial.on.crash();
      ASSERT_TRUE(trial.start());
      trial.check();
      if (::testing::Test::HasFailure()) return;
      if (!met) break;
    }
  }
}

// Dies again and again inside the recovery itself, one operation of the disk later each time.
TEST(Crash, RecoveryMayDieAnywhere) {
  Trial trial(3, tiny());
  ASSERT_TRUE(trial.start());
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(trial.step());
  for (std::uint64_t operation = 0; operation < 400; ++operation) {
    SCOPED_TRACE(operation);
    trial.on.crash();
    trial.on.open();
    trial.on.arm_crash(operation);
    static_cast<void>(trial.on.journal->recover([](Sequence, const Label&) {}));
    if (!trial.on.crashed()) break;
  }
  EXPECT_FALSE(trial.on.crashed());
  trial.on.crash();
  ASSERT_TRUE(trial.start());
  trial.check();
}

// Processes die without power cuts, then the power goes: what an earlier process left in the cache must not
// have been taken for durable.
TEST(Crash, DeathOfTheProcessThenOfTheMachine) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    Trial trial(seed, tiny());
    testing::SeededRandom random(seed);
    ASSERT_TRUE(trial.start());
    for (int life = 0; life < 6; ++life) {
      trial.on.arm_crash(random.between(5, 400));
      bool alive = true;
      for (int i = 0; alive && i < 40; ++i) alive = trial.step();
      if (random.one_in(2)) {
        trial.on.journal.reset();
        trial.on.disk.kill();
        trial.on.disarm();
      } else {
        trial.on.crash();
      }
      ASSERT_TRUE(trial.start());
      trial.check();
      if (::testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace postrider::journal::local

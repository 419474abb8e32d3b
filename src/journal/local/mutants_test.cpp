// SPDX-License-Identifier: Apache-2.0
#include <optional>

#include "base/crash_point.h"
#include "journal/local/trial.h"

// The planted bugs of docs/mutants.md that live here: lives full of crashes find each of them, and find
// nothing in the engine as it is.
namespace postrider::journal::local {
namespace {

struct Planted {
  explicit Planted(int number) { crash::set_mutant(number); }
  ~Planted() { crash::set_mutant(0); }
};

// Whether one seed's lives show something that a journal must not show.
bool goes_wrong(std::uint64_t seed, testing::DiskFault fault = {.times = 0}) {
  auto options = LocalUnderTest::small();
  options.segment_bytes = 128 << 10;
  options.event_segment_bytes = 16 << 10;
  Trial trial(seed, options);
  testing::SeededRandom random(seed);
  if (!trial.start()) return false;
  for (int life = 0; life < 4; ++life) {
    trial.on.arm_crash(random.between(20, 600));
    if (random.one_in(2)) {
      fault.after = random.between(0, 40);
      trial.on.disk.fail(fault);
    }
    for (int i = 0; i < 40 && trial.step(); ++i) {
    }
    trial.on.crash();
    if (!trial.start() || !trial.consistent()) return true;
  }
  return false;
}

std::optional<std::uint64_t> first_seed_that_goes_wrong(std::uint64_t most,
                                                        testing::DiskFault fault = {.times = 0}) {
  for (std::uint64_t seed = 1; seed <= most; ++seed) {
    if (goes_wrong(seed, fault)) return seed;
  }
  return std::nullopt;
}

const testing::DiskFault a_failed_sync{.operations = testing::on({testing::DiskOperation::sync}),
                                       .prefix = "spool/"};

constexpr std::uint64_t seeds = 300;  // at most; most are found by the first few

TEST(Mutants, WithoutThemNothingGoesWrong) {
  EXPECT_EQ(first_seed_that_goes_wrong(60), std::nullopt);
  EXPECT_EQ(first_seed_that_goes_wrong(60, a_failed_sync), std::nullopt);
}

TEST(Mutants, ASkippedSync) {
  Planted mutant(1);
  EXPECT_NE(first_seed_that_goes_wrong(seeds), std::nullopt);
}

TEST(Mutants, AFailedSyncTriedAgain) {
  Planted mutant(3);
  EXPECT_NE(first_seed_that_goes_wrong(seeds, a_failed_sync), std::nullopt);
}

TEST(Mutants, AReleaseBeforeItsMessage) {
  Planted mutant(4);
  EXPECT_NE(first_seed_that_goes_wrong(seeds), std::nullopt);
}

TEST(Mutants, AStaleBatchReadAsNew) {
  Planted mutant(5);
  EXPECT_NE(first_seed_that_goes_wrong(seeds), std::nullopt);
}

TEST(Mutants, HalfAGroupKept) {
  Planted mutant(6);
  EXPECT_NE(first_seed_that_goes_wrong(seeds), std::nullopt);
}

TEST(Mutants, ALostCarryForward) {
  Planted mutant(11);
  EXPECT_NE(first_seed_that_goes_wrong(seeds), std::nullopt);
}

TEST(Mutants, ABigBodyNotSynced) {
  Planted mutant(16);
  EXPECT_NE(first_seed_that_goes_wrong(seeds), std::nullopt);
}

}  // namespace
}  // namespace postrider::journal::local

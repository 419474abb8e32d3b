// SPDX-License-Identifier: Apache-2.0
#include "testing/world/world.h"

#include <gtest/gtest.h>

#include "base/crash_point.h"

namespace postrider::testing {
namespace {

Verdict run(std::uint64_t seed) {
  SeededRandom random(seed ^ 0x706F7374);
  return World(seed, draw_plan(random)).run();
}

// The long mode runs 20,000 (tests/long); these few are for every change.
TEST(World, SeedsKeepWhatIsPromised) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const auto verdict = run(seed);
    EXPECT_TRUE(verdict.finished) << "seed " << seed;
    EXPECT_GE(verdict.recipients, 200u);
    for (const auto& violation : verdict.violations)
      ADD_FAILURE() << "simulate --seed " << seed << ": " << violation.property << ": " << violation.what;
  }
}

TEST(World, TheSameSeedGivesTheSameRun) {
  const auto once = run(7), again = run(7);
  EXPECT_EQ(once.arrived, again.arrived);
  EXPECT_EQ(once.acknowledged, again.acknowledged);
  EXPECT_EQ(once.crashes, again.crashes);
  EXPECT_EQ(once.reached, again.reached);
}

#ifdef POSTRIDER_CRASH_POINTS
// That the checker can tell: a platform that does not sync, or settles twice, is found at once.
class PlantedBug : public ::testing::TestWithParam<int> {
 protected:
  ~PlantedBug() override { crash::set_mutant(0); }
};

TEST_P(PlantedBug, IsFoundWithinAFewSeeds) {
  crash::set_mutant(GetParam());
  for (std::uint64_t seed = 1; seed <= 40; ++seed)
    if (!run(seed).violations.empty()) return;
  ADD_FAILURE() << "40 seeds did not find planted bug " << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Mutants, PlantedBug, ::testing::Values(1, 2, 8, 9, 10, 12, 14, 17, 19, 20));
#endif

}  // namespace
}  // namespace postrider::testing

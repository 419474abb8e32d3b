// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <gtest/gtest.h>

#include "testing/fake_clock.h"

namespace postrider {
namespace {

using namespace std::chrono_literals;

TEST(Time, SecondsRoundDownBeforeTheEpochToo) {
  EXPECT_EQ(seconds(from_millis(1999)), 1);
  EXPECT_EQ(seconds(from_millis(-1)), -1);
  EXPECT_EQ(millis(from_millis(-1)), -1);
}

TEST(AnchoredClock, GoesOnWhereTheWallStoodAndDoesNotFollowItsJumps) {
  testing::FakeClock clock;
  const auto began = clock.wall();
  const AnchoredClock anchored(clock);
  clock.advance(90min);
  clock.jump_wall(-5h);
  EXPECT_EQ(anchored.at(clock.monotonic()), began + 90min);
}

TEST(AnchoredClock, KnowsWhenAMomentComes) {
  testing::FakeClock clock;
  const AnchoredClock anchored(clock);
  EXPECT_EQ(anchored.when(clock.wall() + 7s), clock.monotonic() + 7s);
  EXPECT_EQ(anchored.at(anchored.when(clock.wall() - 1h)), clock.wall() - 1h);
}

}  // namespace
}  // namespace postrider

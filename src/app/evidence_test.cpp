// SPDX-License-Identifier: Apache-2.0
#include "app/evidence.h"

#include <gtest/gtest.h>

#include "testing/fake_clock.h"

namespace postrider::app {
namespace {

using namespace std::chrono_literals;
using Fact = store::Probe::Fact;

TEST(Evidence, IsAsOldAsItsLastMeasurementThatWorked) {
  testing::FakeClock clock;
  Evidence evidence(clock);
  bool broken = false;
  evidence.add({{"rows",
                 [&](Time) -> Result<Fact> {
                   if (broken) return Error{Code::unavailable, "locked"};
                   return Fact(std::int64_t{7});
                 },
                 1h},
                {"mode", [](Time) -> Result<Fact> { return Fact(std::string("strict")); }, 24h}});
  EXPECT_FALSE(evidence.is_current(0));
  EXPECT_FALSE(evidence.fact(0));

  ASSERT_TRUE(evidence.measure().ok());
  EXPECT_EQ(evidence.name(0), "rows");
  EXPECT_EQ(evidence.fact(0), Fact(std::int64_t{7}));
  EXPECT_EQ(evidence.fact(1), Fact(std::string("strict")));
  EXPECT_TRUE(evidence.is_current(0));

  clock.advance(61min);
  broken = true;
  const auto failed = evidence.measure();
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().detail, "rows: locked");
  EXPECT_EQ(evidence.age(0), 61min);
  EXPECT_FALSE(evidence.is_current(0));
  EXPECT_EQ(evidence.age(1), 0min) << "the others are asked all the same";
}

}  // namespace
}  // namespace postrider::app

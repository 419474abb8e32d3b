// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/clock.h"

namespace postrider::app {

// The clock by which the doors stamp what they take: the road's. A request that is due "now" by a wall that
// has been set meanwhile would be due hours ahead, or long ago, by the clock that decides when it goes.
class AnchoredWall final : public Clock {
 public:
  AnchoredWall(const Clock& clock, const AnchoredClock& anchored) : clock_(clock), anchored_(anchored) {}
  Time wall() const override { return anchored_.at(clock_.monotonic()); }
  Instant monotonic() const override { return clock_.monotonic(); }

 private:
  const Clock& clock_;
  const AnchoredClock& anchored_;
};

}  // namespace postrider::app

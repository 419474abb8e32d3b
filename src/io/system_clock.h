// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>

#include "base/clock.h"

namespace postrider::io {

// The machine's clocks. Instant and steady_clock both count from the same origin (CLOCK_MONOTONIC). Any
// thread.
class SystemClock final : public Clock {
 public:
  Time wall() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
  Instant monotonic() const override { return Instant(std::chrono::steady_clock::now().time_since_epoch()); }
};

}  // namespace postrider::io

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/clock.h"

namespace postrider::testing {

// Both clocks, moved by hand. They start at 2026-01-01 00:00 UTC and one hour after boot. One thread.
class FakeClock final : public Clock {
 public:
  FakeClock() = default;
  explicit FakeClock(Time wall) : wall_(wall.time_since_epoch() - monotonic_.time_since_epoch()) {}

  Time wall() const override {
    return Time(std::chrono::floor<std::chrono::milliseconds>(wall_ + monotonic_.time_since_epoch()));
  }
  Instant monotonic() const override { return monotonic_; }

  void advance(Duration by) { monotonic_ += by; }  // by >= 0
  void advance_to(Instant moment) {
    if (moment > monotonic_) monotonic_ = moment;
  }
  void jump_wall(Duration by) { wall_ += by; }  // the monotonic clock does not notice

 private:
  Instant monotonic_{std::chrono::hours(1)};
  Duration wall_ = std::chrono::seconds(1'767'225'600) - std::chrono::hours(1);  // 1970 to boot
};

}  // namespace postrider::testing

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>

namespace postrider {

using Duration = std::chrono::nanoseconds;

// A moment on the wall, in milliseconds since 1970 UTC: what is stored and shown. It may jump.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;

// A moment on this machine's monotonic clock: what timers and deadlines use. It never jumps.
struct MonotonicClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};
using Instant = MonotonicClock::time_point;

inline constexpr Instant never = Instant::max();

inline std::int64_t millis(Time time) {
  return time.time_since_epoch().count();
}
inline Time from_millis(std::int64_t value) {
  return Time(std::chrono::milliseconds(value));
}
inline std::int64_t seconds(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// The two clocks. Decisions take `now` as an argument; only owners of loops hold a Clock. Any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time wall() const = 0;
  virtual Instant monotonic() const = 0;
};

// Wall time that does not follow jumps: the wall as it stood when this was made, carried on by the monotonic
// clock. Due times and expiry use it, so that a stepped clock neither expires mail early nor stalls a retry.
class AnchoredClock {
 public:
  explicit AnchoredClock(const Clock& clock) : wall_(clock.wall()), since_(clock.monotonic()) {}
  Time at(Instant now) const {
    return wall_ + std::chrono::duration_cast<std::chrono::milliseconds>(now - since_);
  }
  Instant when(Time time) const { return since_ + (time - wall_); }

 private:
  Time wall_;
  Instant since_;
};

}  // namespace postrider

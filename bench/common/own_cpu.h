// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <ctime>

#include <cstdint>

namespace postrider::bench {

// CPU time of this process so far, user and system.
inline std::int64_t own_cpu_us() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * std::int64_t{1'000'000} + time.tv_nsec / 1000;
}

}  // namespace postrider::bench

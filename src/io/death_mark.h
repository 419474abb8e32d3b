// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>

namespace postrider::io {

// When the process dies of its own doing (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, or a sanitizer's verdict,
// which counts as SIGABRT), the signal's number is stored in `mark`, and then it dies as it would have: the
// handlers installed before are put back and get the signal. SIGKILL and power leave no mark. `mark` outlives
// this. One at a time in a process.
class DeathMark {
 public:
  explicit DeathMark(std::atomic<std::uint32_t>& mark);
  ~DeathMark();
  DeathMark(const DeathMark&) = delete;
  DeathMark& operator=(const DeathMark&) = delete;
};

}  // namespace postrider::io

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <coroutine>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "testing/fake_clock.h"

namespace postrider::testing {

// The simulated world's event loop: runs what is posted, then moves the clock to the next timer and runs
// that. Equal moments run in the order they were asked for. Work must not throw; whatever it refers to must
// outlive it.
class SimExecutor final : public Executor {
 public:
  using Timer = std::uint64_t;  // 0 = none

  explicit SimExecutor(FakeClock& clock) : clock_(clock) {}

  void post(Work work) override { posted_.push_back(std::move(work)); }
  Timer schedule(Instant at, Work work);  // a moment in the past means now
  Timer after(Duration delay, Work work) { return schedule(now() + delay, std::move(work)); }
  void cancel(Timer timer);  // fine when it has run; its work is destroyed at once

  Instant now() const { return clock_.monotonic(); }
  FakeClock& clock() { return clock_; }

  bool step();                     // runs one piece; false = there is none
  void run_until(Instant moment);  // all that is due by then; the clock stands there afterwards
  void run_for(Duration span) { run_until(now() + span); }
  // Until nothing is left or `done()`; false when `most` steps were not enough.
  template <class Done>
  bool run(Done done, std::uint64_t most = 1'000'000) {
    while (!done()) {
      if (most-- == 0 || !step()) return done();
    }
    return true;
  }
  bool run(std::uint64_t most = 1'000'000) {
    while (most-- > 0) {
      if (!step()) return true;
    }
    return false;
  }
  Instant next() const;  // when there is something to do: now, the first timer, or `never`

 private:
  struct Due {
    Instant at;
    std::uint64_t order;
    Timer timer;
  };
  struct Slot {
    Work work;
    std::uint32_t use = 1;  // told apart from the slot's other uses
  };
  static bool later(const Due& a, const Due& b) { return a.at != b.at ? a.at > b.at : a.order > b.order; }
  static Timer name(std::uint32_t slot, std::uint32_t use) { return (std::uint64_t{use} << 32) | slot; }
  bool waits(Timer timer) const;
  Work take(Timer timer);
  void drop_cancelled() const;

  FakeClock& clock_;
  std::deque<Work> posted_;
  mutable std::vector<Due> due_;  // a heap; cancelled ones stay until they come up
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::uint64_t order_ = 0;
};

// co_await SimWait(executor, until, &place): suspended until woken through `place` or until the moment,
// whichever is first; says whether it was woken. `place` (may be null) points at it meanwhile. It may be
// destroyed while suspended.
class SimWait {
 public:
  SimWait(SimExecutor& executor, Instant until, SimWait** place = nullptr)
      : executor_(executor), until_(until), place_(place) {}
  SimWait(const SimWait&) = delete;
  SimWait& operator=(const SimWait&) = delete;
  ~SimWait() { leave(); }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter);
  bool await_resume() const noexcept { return woken_; }
  void wake();  // resumes it soon, not before this returns

 private:
  void leave();
  void resume();

  SimExecutor& executor_;
  Instant until_;
  SimWait** place_;
  std::coroutine_handle<> waiter_;
  SimExecutor::Timer timer_ = 0;
  bool woken_ = false;
};

}  // namespace postrider::testing

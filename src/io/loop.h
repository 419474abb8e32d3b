// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <coroutine>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/executor.h"
#include "base/task.h"
#include "io/deadline_wheel.h"
#include "io/thread_clock.h"

namespace postrider::io {

// One event loop: the thread that calls run() waits for sockets and timers and runs what is posted. Whatever
// was made for a loop is used on its thread only; post(), stop() and cpu_time() are for any thread.
// Destroy it after everything made for it: coroutines still suspended on it then are never resumed.
class Loop final : public Executor {
 public:
  explicit Loop(std::string name);
  ~Loop() override;

  void run();   // until stop(); once
  void stop();  // run() returns after the piece of work at hand; work still queued is dropped
  void post(Work work) override;
  bool is_here() const;  // called on the thread that runs this loop
  Duration cpu_time() const { return thread_clock_.read(); }

  Instant now() const;
  Task<void> sleep_until(Instant when);
  Task<void> turn();  // lets whatever else is ready go first

 private:
  friend class Readiness;
  struct Engine;  // Asio, seen by loop.cpp only

  void watch_deadlines();

  const std::string name_;
  ThreadClock thread_clock_;
  DeadlineWheel deadlines_;
  std::unique_ptr<Engine> engine_;
};

enum class Woken { ready, timeout, closed };

// A non-blocking descriptor on a loop, and the wait until it can be read or written. Owns the descriptor.
// Loop's thread; nothing may be waiting when it is destroyed (call close() and let the waiters see it).
class Readiness {
 public:
  enum class Way { in, out };

  // co_await readiness.wait(…): ready to try again, or the deadline passed, or close() was called meanwhile.
  // A deadline is kept to within a tick of the loop's DeadlineWheel.
  class Wait final : private DeadlineWheel::Entry {
   public:
    bool await_ready() noexcept;
    void await_suspend(std::coroutine_handle<> waiter);
    Woken await_resume() const noexcept { return woken_; }

   private:
    friend Readiness;
    Wait(Readiness& of, Way way, Instant deadline) : of_(of), way_(way), deadline_(deadline) {}
    void expire() override;

    Readiness& of_;
    const Way way_;
    const Instant deadline_;
    Woken woken_ = Woken::ready;
  };

  Readiness(Loop& loop, int fd);  // one that the kernel will not watch (epoll(7) has limits) counts as closed
  ~Readiness();
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  Wait wait(Way way, Instant deadline) { return Wait(*this, way, deadline); }
  int fd() const { return fd_; }  // -1 = closed
  void close();                   // wakes whoever waits, soon, with `closed`
  Loop& loop() { return loop_; }

 private:
  struct Engine;
  Loop& loop_;
  std::unique_ptr<Engine> engine_;
  int fd_;
  int waiting_ = 0;
};

}  // namespace postrider::io

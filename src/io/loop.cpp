// SPDX-License-Identifier: Apache-2.0
#include "io/loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cassert>
#include <utility>

#include "io/system_clock.h"
#include "io/unique_fd.h"

namespace postrider::io {
namespace {

namespace asio = boost::asio;

asio::steady_timer::time_point asio_time(Instant when) {
  return asio::steady_timer::time_point(when.time_since_epoch());
}

// Suspends the coroutine and gives its handle to `start`, which sees to it that it is resumed later.
template <class Start>
struct Suspended {
  Start start;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) { start(waiter); }
  void await_resume() const noexcept {}
};

}  // namespace

struct Loop::Engine {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
  asio::steady_timer tick{context};
  bool ticking = false;
};

Loop::Loop(std::string name)
    : name_(std::move(name)), deadlines_(SystemClock().monotonic()), engine_(std::make_unique<Engine>()) {}

Loop::~Loop() = default;

void Loop::run() {
  thread_clock_.start(name_);
  engine_->context.run();
  thread_clock_.finish();
}

void Loop::stop() {
  engine_->context.stop();
}

void Loop::post(Work work) {
  asio::post(engine_->context, [work = std::move(work)]() mutable { work(); });
}

bool Loop::is_here() const {
  return engine_->context.get_executor().running_in_this_thread();
}

Instant Loop::now() const {
  return SystemClock().monotonic();
}

Task<void> Loop::sleep_until(Instant when) {
  asio::steady_timer timer(engine_->context, asio_time(when));
  co_await Suspended{[&timer](std::coroutine_handle<> waiter) {
    timer.async_wait([waiter](const boost::system::error_code&) { waiter.resume(); });
  }};
}

Task<void> Loop::turn() {
  co_await Suspended{[this](std::coroutine_handle<> waiter) {
    asio::post(engine_->context, [waiter] { waiter.resume(); });
  }};
}

// The wheel turns only while something is on it: an idle server does not wake up.
void Loop::watch_deadlines() {
  if (engine_->ticking) return;
  engine_->ticking = true;
  engine_->tick.expires_after(DeadlineWheel::tick);
  engine_->tick.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    engine_->ticking = false;
    deadlines_.advance(now());
    if (!deadlines_.empty()) watch_deadlines();
  });
}

struct Readiness::Engine {
  asio::posix::stream_descriptor descriptor;
};

Readiness::Readiness(Loop& loop, int fd)
    : loop_(loop), engine_(new Engine{asio::posix::stream_descriptor(loop.engine_->context)}), fd_(fd) {
  boost::system::error_code refused;
  engine_->descriptor.assign(fd, refused);
  if (refused) UniqueFd(std::exchange(fd_, -1));
}

Readiness::~Readiness() {
  assert(waiting_ == 0);
  close();
}

void Readiness::close() {
  if (fd_ < 0) return;
  fd_ = -1;
  boost::system::error_code ignored;
  engine_->descriptor.close(ignored);
}

bool Readiness::Wait::await_ready() noexcept {
  if (of_.fd_ < 0) {
    woken_ = Woken::closed;
    return true;
  }
  // A peer that always sends just in time must not outlive a deadline that has passed.
  if (of_.loop_.deadlines_.is_past(deadline_)) {
    woken_ = Woken::timeout;
    of_.close();
    return true;
  }
  return false;
}

void Readiness::Wait::await_suspend(std::coroutine_handle<> waiter) {
  if (deadline_ != never) {
    if (of_.loop_.deadlines_.empty()) of_.loop_.deadlines_.advance(of_.loop_.now());
    of_.loop_.deadlines_.add(*this, deadline_);
    of_.loop_.watch_deadlines();
  }
  ++of_.waiting_;
  auto type = way_ == Way::in ? asio::posix::stream_descriptor::wait_read
                              : asio::posix::stream_descriptor::wait_write;
  of_.engine_->descriptor.async_wait(type, [this, waiter](const boost::system::error_code&) {
    of_.loop_.deadlines_.remove(*this);
    --of_.waiting_;
    if (woken_ == Woken::ready && of_.fd_ < 0) woken_ = Woken::closed;
    waiter.resume();
  });
}

// Closing cancels the wait, whose end then resumes the waiter: one path out.
void Readiness::Wait::expire() {
  woken_ = Woken::timeout;
  of_.close();
}

}  // namespace postrider::io

// SPDX-License-Identifier: Apache-2.0
#include "testing/sim_executor.h"

#include <algorithm>
#include <utility>

namespace postrider::testing {

SimExecutor::Timer SimExecutor::schedule(Instant at, Work work) {
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  slots_[slot].work = std::move(work);
  const auto timer = name(slot, slots_[slot].use);
  due_.push_back({std::max(at, now()), order_++, timer});
  std::push_heap(due_.begin(), due_.end(), later);
  return timer;
}

void SimExecutor::cancel(Timer timer) {
  if (timer != 0 && waits(timer)) take(timer);
}

bool SimExecutor::step() {
  if (!posted_.empty()) {
    auto work = std::move(posted_.front());
    posted_.pop_front();
    work();
    return true;
  }
  drop_cancelled();
  if (due_.empty()) return false;
  const auto due = due_.front();
  clock_.advance_to(due.at);
  take(due.timer)();
  return true;
}

void SimExecutor::run_until(Instant moment) {
  while (next() <= moment && next() != never) step();
  clock_.advance_to(moment);
}

Instant SimExecutor::next() const {
  if (!posted_.empty()) return now();
  drop_cancelled();
  return due_.empty() ? never : std::max(due_.front().at, now());
}

bool SimExecutor::waits(Timer timer) const {
  return slots_[static_cast<std::uint32_t>(timer)].use == static_cast<std::uint32_t>(timer >> 32);
}

Executor::Work SimExecutor::take(Timer timer) {
  const auto slot = static_cast<std::uint32_t>(timer);
  ++slots_[slot].use;
  free_.push_back(slot);
  return std::exchange(slots_[slot].work, nullptr);
}

void SimExecutor::drop_cancelled() const {
  while (!due_.empty() && !waits(due_.front().timer)) {
    std::pop_heap(due_.begin(), due_.end(), later);
    due_.pop_back();
  }
}

void SimWait::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  if (place_) *place_ = this;
  if (until_ != never) timer_ = executor_.schedule(until_, [this] { resume(); });
}

void SimWait::wake() {
  if (woken_) return;
  woken_ = true;
  executor_.cancel(timer_);
  timer_ = executor_.schedule(executor_.now(), [this] { resume(); });
}

void SimWait::leave() {
  if (!waiter_) return;
  executor_.cancel(timer_);
  timer_ = 0;
  if (place_ && *place_ == this) *place_ = nullptr;
  waiter_ = {};
}

void SimWait::resume() {
  const auto waiter = waiter_;
  leave();
  waiter.resume();
}

}  // namespace postrider::testing

// SPDX-License-Identifier: Apache-2.0
#include "io/thread_clock.h"

#include <pthread.h>
#include <ctime>

namespace postrider::io {
namespace {

Duration now_of(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

void ThreadClock::start(const std::string& thread_name) {
  ::pthread_setname_np(::pthread_self(), thread_name.substr(0, 15).c_str());
  std::lock_guard lock(mutex_);
  ::pthread_getcpuclockid(::pthread_self(), &clock_);
  running_ = true;
}

void ThreadClock::finish() {
  std::lock_guard lock(mutex_);
  total_ = now_of(clock_);
  running_ = false;
}

Duration ThreadClock::read() const {
  std::lock_guard lock(mutex_);
  return running_ ? now_of(clock_) : total_;
}

}  // namespace postrider::io

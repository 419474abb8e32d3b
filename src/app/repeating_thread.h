// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "io/thread_clock.h"

namespace postrider::app {

// A thread that does one thing again and again: `step` works and says how long to wait before the next time.
class RepeatingThread {
 public:
  using Step = std::function<Duration()>;
  RepeatingThread(std::string name, Step step)
      : step_(std::move(step)), thread_([this, name = std::move(name)] { run(name); }) {}
  ~RepeatingThread() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    woken_.notify_one();
    thread_.join();
  }
  RepeatingThread(const RepeatingThread&) = delete;
  RepeatingThread& operator=(const RepeatingThread&) = delete;

  void wake() {  // any thread: the next step comes at once
    {
      std::lock_guard lock(mutex_);
      awake_ = true;
    }
    woken_.notify_one();
  }
  Duration cpu_time() const { return cpu_.read(); }

 private:
  void run(const std::string& name) {
    cpu_.start(name);
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      awake_ = false;
      lock.unlock();
      const auto pause = step_();
      lock.lock();
      woken_.wait_for(lock, pause, [&] { return awake_ || stopping_; });
    }
    cpu_.finish();
  }

  Step step_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool awake_ = false;
  bool stopping_ = false;
  io::ThreadClock cpu_;
  std::thread thread_;
};

}  // namespace postrider::app

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <mutex>
#include <string>

#include "base/clock.h"

namespace postrider::io {

// CPU time of one thread, readable from any thread while it runs and after it ended.
class ThreadClock {
 public:
  void start(const std::string& thread_name);  // on the thread itself, first thing; names it (15 characters)
  void finish();                               // on the thread itself, last thing
  Duration read() const;

 private:
  mutable std::mutex mutex_;  // A thread's clock must not be read once the thread is gone.
  bool running_ = false;
  int clock_ = 0;
  Duration total_{0};
};

}  // namespace postrider::io

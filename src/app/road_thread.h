// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "flow/road/road.h"
#include "io/thread_clock.h"

namespace postrider::app {

// The thread on which the road runs: a step when something arrived or something is due, sleep in between.
// After a pause it steps at once; while things keep coming, steps are paced so that each takes in many:
// settlements, dispatches and everything behind them then travel together, and threads wake less often.
// Also an executor, so that commands can look at the queue from where it may be looked at.
class RoadThread final : public Executor {
 public:
  static constexpr auto pace = std::chrono::milliseconds(2);

  RoadThread(const Clock& clock, const AnchoredClock& wall) : clock_(clock), wall_(wall) {}
  ~RoadThread() override { stop(); }

  void start(Road& road);
  void stop();  // and joins; what is posted afterwards is dropped
  void wake();  // any thread
  void post(Work work) override;
  Duration cpu_time() const { return cpu_.read(); }

 private:
  void run(Road& road);

  const Clock& clock_;
  const AnchoredClock& wall_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool awake_ = false;
  bool stopping_ = false;
  std::vector<Work> work_;
  io::ThreadClock cpu_;
  std::thread thread_;
};

}  // namespace postrider::app

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "flow/deliver/prepared.h"
#include "services/capture/captures.h"

namespace postrider {

// Delivery in capture mode: what would have gone out goes into the capture store, and that is its delivery.
// No intent is needed: appending the same recipient's message again changes nothing. add() from any thread;
// step() on one.
class Capturer {
 public:
  Capturer(capture::Captures& captures, io::WorkCells& cells, Reports reports, Log& log)
      : captures_(captures), cells_(cells), reports_(std::move(reports)), log_(log) {}

  void add(Prepared prepared);
  bool step(Time now);       // stores what has gathered, as one transaction; false = there was nothing
  void wait(Duration most);  // until something has gathered
  void wake() { arrived_.notify_all(); }

 private:
  capture::Captures& captures_;
  io::WorkCells& cells_;
  Reports reports_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Prepared> waiting_;
};

}  // namespace postrider

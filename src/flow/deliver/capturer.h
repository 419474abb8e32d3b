// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <span>
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
  // What one transaction of the store holds, and about what one step stores.
  static constexpr std::size_t bytes_together = std::size_t{32} << 20;

  Capturer(capture::Captures& captures, io::WorkCells& cells, Reports reports, Log& log,
           std::size_t bytes_most = bytes_together)
      : captures_(captures),
        cells_(cells),
        reports_(std::move(reports)),
        log_(log),
        bytes_most_(bytes_most) {}

  void add(Prepared prepared);
  bool step(Time now);       // stores what has gathered, or the first of it; false = there was nothing
  void wait(Duration most);  // until something has gathered
  void wake() { arrived_.notify_all(); }

 private:
  std::vector<Prepared> take();
  Result<void> store(std::span<const Prepared> batch, Time now);

  capture::Captures& captures_;
  io::WorkCells& cells_;
  Reports reports_;
  Log& log_;
  std::size_t bytes_most_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Prepared> waiting_;
};

}  // namespace postrider

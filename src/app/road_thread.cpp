// SPDX-License-Identifier: Apache-2.0
#include "app/road_thread.h"

#include <utility>

namespace postrider::app {

void RoadThread::start(Road& road) {
  thread_ = std::thread([this, &road] { run(road); });
}

void RoadThread::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void RoadThread::wake() {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(awake_, true)) return;
  }
  woken_.notify_one();
}

void RoadThread::post(Work work) {
  {
    std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
    awake_ = true;
  }
  woken_.notify_one();
}

void RoadThread::run(Road& road) {
  cpu_.start("road");
  while (true) {
    const auto began = clock_.monotonic();
    const auto next = road.step(wall_.at(began));
    std::unique_lock lock(mutex_);
    if (!awake_ && !stopping_) {
      const auto until = wall_.when(next) - clock_.monotonic();
      if (until > Duration::zero()) woken_.wait_for(lock, until, [&] { return awake_ || stopping_; });
    }
    if (const auto rest = began + pace - clock_.monotonic(); rest > Duration::zero())
      woken_.wait_for(lock, rest, [&] { return stopping_; });
    if (stopping_) break;
    awake_ = false;
    auto work = std::exchange(work_, {});
    lock.unlock();
    for (auto& piece : work) piece();
  }
  cpu_.finish();
}

}  // namespace postrider::app

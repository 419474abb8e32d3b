// SPDX-License-Identifier: Apache-2.0
#include "io/worker_pool.h"

#include <utility>

namespace postrider::io {

WorkerPool::WorkerPool(std::string name, std::size_t threads, std::size_t longest_queue)
    : name_(std::move(name)), longest_(longest_queue), clocks_(threads) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this, i] { run(i); });
}

WorkerPool::~WorkerPool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::post(Work work) {
  {
    std::lock_guard lock(mutex_);
    if (queue_.size() >= longest_) return false;
    queue_.push_back(std::move(work));
  }
  wake_.notify_one();
  return true;
}

std::size_t WorkerPool::queued() const {
  std::lock_guard lock(mutex_);
  return queue_.size();
}

Duration WorkerPool::cpu_time() const {
  Duration total{0};
  for (const ThreadClock& clock : clocks_) total += clock.read();
  return total;
}

void WorkerPool::run(std::size_t index) {
  clocks_[index].start(name_ + "/" + std::to_string(index));
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) break;
    Work work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    work = nullptr;  // What it captured dies outside the lock.
    lock.lock();
  }
  lock.unlock();
  clocks_[index].finish();
}

}  // namespace postrider::io

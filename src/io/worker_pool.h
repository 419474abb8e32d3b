// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <coroutine>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "base/task.h"
#include "io/thread_clock.h"

namespace postrider::io {

// Threads for work that would hold up a loop: signing, password hashing, the store. The queue is bounded, so
// a caller learns at once that the machine is behind instead of filling memory. Destruction runs what is
// queued, then joins.
class WorkerPool {
 public:
  using Work = Executor::Work;

  WorkerPool(std::string name, std::size_t threads, std::size_t longest_queue);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  [[nodiscard]] bool post(Work work);  // false = the queue is full, and the work is dropped. Any thread.
  std::size_t queued() const;          // waiting, not running. Any thread.
  std::size_t threads() const { return threads_.size(); }
  Duration cpu_time() const;  // of all its threads together. Any thread.

 private:
  void run(std::size_t index);

  const std::string name_;
  const std::size_t longest_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Work> queue_;
  bool stopping_ = false;
  std::vector<ThreadClock> clocks_;
  std::vector<std::thread> threads_;  // last: they use everything above
};

namespace detail {
template <class T>
struct AsResult {
  using type = Result<T>;
};
template <class T>
struct AsResult<Result<T>> {
  using type = Result<T>;
};
}  // namespace detail

// Runs fn() on a worker and goes on at `home`, the caller's loop, with what it returned; `exhausted` when the
// queue is full, and then fn did not run. fn and what it refers to live until then.
template <class Fn>
Task<typename detail::AsResult<std::invoke_result_t<Fn&>>::type> run_on(WorkerPool& pool, Executor& home,
                                                                        Fn fn) {
  using Value = std::invoke_result_t<Fn&>;
  using Answer = typename detail::AsResult<Value>::type;

  struct Trip {
    WorkerPool& pool;
    Executor& home;
    Fn& fn;
    std::optional<Answer> answer{};

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> caller) {
      bool queued = pool.post([this, caller] {
        if constexpr (std::is_void_v<Value>) {
          fn();
          answer.emplace();
        } else {
          answer.emplace(fn());
        }
        home.post([caller] { caller.resume(); });
      });
      // Once queued, this object may be gone already: the coroutine may have gone on at home.
      return queued;
    }
    Answer await_resume() {
      if (!answer) return Error{Code::exhausted, "worker queue is full"};
      return *std::move(answer);
    }
  };
  co_return co_await Trip{pool, home, fn};
}

}  // namespace postrider::io

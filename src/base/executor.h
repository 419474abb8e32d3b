// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>

namespace postrider {

// A place where work runs, one piece at a time and in order: an event loop, the road thread, the simulated
// world. post() may be called from any thread and never runs the work before it returns.
class Executor {
 public:
  using Work = std::move_only_function<void()>;
  virtual ~Executor() = default;
  virtual void post(Work work) = 0;
};

}  // namespace postrider

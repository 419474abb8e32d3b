// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "io/loop.h"

namespace postrider::io {

// Loops, each on a thread of its own. Made and destroyed by app; what runs on the loops must be finished
// before stop(), because work still queued then is dropped.
class Runtime {
 public:
  explicit Runtime(std::size_t loops, const std::string& name = "loop");
  ~Runtime();

  std::size_t size() const { return loops_.size(); }
  Loop& loop(std::size_t index) { return *loops_[index]; }
  std::vector<Loop*> loops() const;
  void stop();  // and joins; fine to call twice. Not on a loop's thread.

 private:
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<std::thread> threads_;
};

}  // namespace postrider::io

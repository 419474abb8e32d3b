// SPDX-License-Identifier: Apache-2.0
#include "io/runtime.h"

namespace postrider::io {

Runtime::Runtime(std::size_t loops, const std::string& name) {
  for (std::size_t i = 0; i < loops; ++i)
    loops_.push_back(std::make_unique<Loop>(name + "/" + std::to_string(i)));
  for (auto& loop : loops_) threads_.emplace_back([&loop = *loop] { loop.run(); });
}

Runtime::~Runtime() {
  stop();
}

std::vector<Loop*> Runtime::loops() const {
  std::vector<Loop*> all;
  for (const auto& loop : loops_) all.push_back(loop.get());
  return all;
}

void Runtime::stop() {
  for (auto& loop : loops_) loop->stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace postrider::io

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "pg/connection.h"

namespace postrider::pg {

// At most so many connections, opened when first needed and lent to one thread at a time. Any thread.
class Pool {
 public:
  Pool(Options options, int most) : options_(std::move(options)), most_(most) {}

  // Waits as long as a statement may take; `unavailable` after that.
  Result<std::unique_ptr<Connection>> take();
  // A broken one is closed, and the idle ones with it: what cut it off has cut them off too.
  void give_back(std::unique_ptr<Connection> connection);

 private:
  const Options options_;
  const int most_;
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<std::unique_ptr<Connection>> idle_;
  int open_ = 0;  // idle or lent
};

}  // namespace postrider::pg

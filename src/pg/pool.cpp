// SPDX-License-Identifier: Apache-2.0
#include "pg/pool.h"

namespace postrider::pg {

Result<std::unique_ptr<Connection>> Pool::take() {
  std::unique_lock lock(mutex_);
  if (!given_back_.wait_for(lock, options_.statement_timeout,
                            [&] { return !idle_.empty() || open_ < most_; }))
    return Error{Code::unavailable, "postgresql: every connection is busy"};
  if (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }
  ++open_;
  lock.unlock();
  auto connection = Connection::open(options_);
  if (!connection) {
    lock.lock();
    --open_;
    given_back_.notify_one();
  }
  return connection;
}

void Pool::give_back(std::unique_ptr<Connection> connection) {
  std::vector<std::unique_ptr<Connection>> closing;  // outside the lock
  {
    const std::lock_guard lock(mutex_);
    if (connection->broken()) {
      closing = std::move(idle_);
      idle_.clear();
      closing.push_back(std::move(connection));
      open_ -= static_cast<int>(closing.size());
    } else {
      idle_.push_back(std::move(connection));
    }
  }
  given_back_.notify_all();
}

}  // namespace postrider::pg

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "flow/deliver/prepared.h"
#include "flow/deliver/route_table.h"

namespace postrider {

// What one loop has for one destination: mail that is ready, and the connections that may take it. Loop's
// thread.
struct Site {
  std::string domain;
  std::optional<Route> route;  // none: DNS says where
  std::deque<Prepared> ready;
  std::size_t connections = 0;  // open or opening
  // A connection between two messages: it waits here for the next one, for a few seconds (reuse saves the
  // handshake, which costs as much as a signature).
  struct Idle {
    OneShot<bool>* wake = nullptr;  // true = there is work or may be; false = say goodbye
    Instant since{};
  };
  std::vector<Idle> idle;

  std::optional<Prepared> next() {
    if (ready.empty()) return std::nullopt;
    auto first = std::move(ready.front());
    ready.pop_front();
    return first;
  }
};

}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "model/event.h"
#include "store/store.h"

namespace postrider::readers {

// One event as the log tells it.
struct Told {
  std::uint64_t sequence = 0;
  Event event;
};

// What a reader does with events. The same event may be told again after a crash, a takeover or a replay, and
// events of different streams come in any order: applying one twice, or two the other way round, must leave
// the tables the same.
class Effect {
 public:
  virtual ~Effect() = default;
  virtual std::string_view name() const = 0;  // of its cursor: "activity"; never changes
  // Within the transaction that also moves the cursor. Must not commit, and must have no effect outside it.
  virtual Result<void> apply(store::Transaction& tx, std::span<const Told> events) = 0;
};

}  // namespace postrider::readers

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "services/capture/captures.h"
#include "store/store.h"

namespace postrider::app {

// What must be done now and then, each chore in its own rhythm and whatever became of the others. The first
// step does them all. One that failed is said so and comes again after a minute. One thread.
class Upkeep {
 public:
  using Chore = std::function<Result<void>()>;
  explicit Upkeep(Log& log) : log_(log) {}

  void add(std::string name, Duration every, Chore chore);
  void step(Instant now);

 private:
  struct Planned {
    std::string name;
    Duration every;
    Chore chore;
    Instant next;
  };
  Log& log_;
  std::vector<Planned> chores_;
};

// Destroys what is past its age: every day captured mail, activity and events that readers set aside; every
// hour what the control feed had told an hour before (who is further behind builds anew).
void add_retention(Upkeep& upkeep, store::Store& store, capture::Captures& captures, const Clock& clock,
                   std::chrono::days keep_events);

}  // namespace postrider::app

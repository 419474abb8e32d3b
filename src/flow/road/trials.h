// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "flow/queue/message.h"
#include "flow/road/suspects.h"
#include "flow/schedule/assignment.h"
#include "flow/schedule/scheduler.h"

namespace postrider {

// Suspected recipients in line for a trial: one at a time, in a transaction of its own, and nothing else is
// picked meanwhile, so that a death is hardly anybody else's fault (what was out before goes on). Only for so
// long, though: composing takes milliseconds, but a peer may be silent for ten minutes, and the others' mail
// does not wait for that. The road thread.
class Trials {
 public:
  explicit Trials(Suspects* suspects) : suspects_(suspects) {}

  void add(Recipient& recipient) { waiting_.push_back(&recipient); }
  // Takes those for whom `chosen` holds out of the line.
  void remove_if(const Scheduler::Chosen& chosen) {
    std::erase_if(waiting_, [&](const Recipient* recipient) { return chosen(*recipient); });
  }
  std::vector<Recipient*> expired(std::int64_t now_ms, std::int64_t max_age_ms);

  // The next trial, if none is out and somebody may be tried now.
  std::optional<Assignment> next(Scheduler& scheduler, Time now);
  // Nobody else may be picked now, at the latest until().
  bool alone(Time now) const { return trying_ && now < until_; }
  Time until() const { return until_; }
  // An attempt came home. When it was the one on trial, and it was tried, we have survived it.
  Result<void> home(const Report& report);

  std::size_t waiting() const { return waiting_.size(); }

 private:
  Suspects* suspects_;
  std::deque<Recipient*> waiting_;
  Recipient* trying_ = nullptr;
  Time until_{};
};

}  // namespace postrider

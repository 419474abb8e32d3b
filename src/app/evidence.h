// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/probe.h"

namespace postrider::app {

// What the services' probes found when they were last asked. Asking may query, so it is a chore of upkeep;
// what is shown comes from memory.
class Evidence {
 public:
  explicit Evidence(const Clock& clock) : clock_(clock) {}

  void add(std::vector<store::Probe> probes);  // all of them before anything else is called
  // Asks every probe, whatever became of the others; the first failure.
  Result<void> measure();

  // Any thread; `which` < size().
  std::size_t size() const { return lines_.size(); }
  std::string_view name(std::size_t which) const { return lines_[which].probe.name; }
  std::optional<store::Probe::Fact> fact(std::size_t which) const;
  std::optional<Duration> age(std::size_t which) const;
  bool is_current(std::size_t which) const;  // measured, and not longer ago than its probe allows

 private:
  struct Line {
    store::Probe probe;
    std::optional<store::Probe::Fact> fact;
    Instant measured{};
  };
  const Clock& clock_;
  mutable std::mutex mutex_;  // of fact and measured
  std::deque<Line> lines_;
};

}  // namespace postrider::app

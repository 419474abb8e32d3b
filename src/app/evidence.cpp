// SPDX-License-Identifier: Apache-2.0
#include "app/evidence.h"

#include <utility>

namespace postrider::app {

void Evidence::add(std::vector<store::Probe> probes) {
  for (auto& probe : probes) lines_.push_back({std::move(probe), {}, {}});
}

Result<void> Evidence::measure() {
  Result<void> all;
  for (auto& line : lines_) {
    auto fact = line.probe.measure(clock_.wall());
    if (!fact.ok()) {
      if (all.ok()) all = Error{fact.error().code, std::string(line.probe.name) + ": " + fact.error().detail};
      continue;
    }
    const std::lock_guard lock(mutex_);
    line.fact = *std::move(fact);
    line.measured = clock_.monotonic();
  }
  return all;
}

std::optional<store::Probe::Fact> Evidence::fact(std::size_t which) const {
  const std::lock_guard lock(mutex_);
  return lines_[which].fact;
}

std::optional<Duration> Evidence::age(std::size_t which) const {
  const std::lock_guard lock(mutex_);
  const auto& line = lines_[which];
  return line.fact ? std::optional(clock_.monotonic() - line.measured) : std::nullopt;
}

bool Evidence::is_current(std::size_t which) const {
  const auto old = age(which);
  return old && *old <= lines_[which].probe.max_age;
}

}  // namespace postrider::app

// SPDX-License-Identifier: Apache-2.0
#include "bench/sink/ledger.h"

#include <algorithm>
#include <utility>

#include "bench/common/mark.h"

namespace postrider::bench {

void Ledger::begun(std::string_view recipient, Instant at) {
  const auto mark = Mark::find(recipient);
  if (!mark) return;
  std::lock_guard lock(mutex_);
  first_byte_.add(Mark::moment(at) - mark->us);
}

void Ledger::taken(const smtp::Envelope& envelope, std::string data, Instant at) {
  std::lock_guard lock(mutex_);
  const auto now = Mark::moment(at);
  if (totals_.messages == 0) totals_.first_us = now;
  totals_.last_us = now;
  totals_.bytes += data.size();
  totals_.recipients += envelope.recipients.size();
  for (const auto& recipient : envelope.recipients) {
    const auto mark = Mark::find(recipient);
    if (!mark) continue;
    if (mark->number >= numbers_.size())
      numbers_.resize(std::max<std::size_t>(2 * numbers_.size(), mark->number + 1));
    if (numbers_[mark->number]) continue;
    numbers_[mark->number] = true;
    ++totals_.distinct;
  }
  if (totals_.messages++ % sample_every_ == 0 && samples_.size() < samples_most_)
    samples_.push_back(std::move(data));
}

Ledger::Totals Ledger::totals() {
  std::lock_guard lock(mutex_);
  auto totals = totals_;
  totals.first_byte_p50_us = first_byte_.percentile(0.5);
  totals.first_byte_p99_us = first_byte_.percentile(0.99);
  return totals;
}

std::vector<std::string> Ledger::samples() const {
  std::lock_guard lock(mutex_);
  return samples_;
}

void Ledger::reset() {
  std::lock_guard lock(mutex_);
  totals_ = {};
  first_byte_.clear();
  numbers_.clear();
  samples_.clear();
}

}  // namespace postrider::bench

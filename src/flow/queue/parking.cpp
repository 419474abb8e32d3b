// SPDX-License-Identifier: Apache-2.0
#include "flow/queue/parking.h"

#include <algorithm>
#include <bit>

namespace postrider {
namespace {

std::uint64_t hash_of(const MessageId& id) {
  return std::hash<MessageId>{}(id);
}

}  // namespace

void Recall::add(const MessageId& id) {
  const auto at = std::ranges::lower_bound(hashes, hash_of(id));
  if (at == hashes.end() || *at != hash_of(id)) hashes.insert(at, hash_of(id));
}

bool Recall::wants(const MessageId& id) const {
  return std::ranges::binary_search(hashes, hash_of(id));
}

Result<Recalled> recall(const journal::Journal& journal, const Recall& what) {
  Recalled found;
  found.number = what.number;
  PR_TRY(journal.recall([&](const journal::Label& label) { return what.wants(MessageId{label.owner}); },
                        [&](journal::Sequence sequence, const journal::Label& label) {
                          found.records.emplace_back(sequence, label);
                        }));
  return found;
}

void Parking::park(const MessageId& id, std::int64_t due_ms, std::size_t recipients) {
  auto& hour = hours_[due_ms / hour_ms];
  hour.push_back(hash_of(id));
  // Who was brought back by an order and parked again stands here twice: now and then the list is tidied.
  if (hour.size() >= 1024 && std::has_single_bit(hour.size())) {
    std::ranges::sort(hour);
    const auto twice = std::ranges::unique(hour);
    hour.erase(twice.begin(), twice.end());
  }
  recipients_ += recipients;
}

Recall Parking::due(std::int64_t now_ms) {
  Recall recall;
  while (next_ms() <= now_ms) {
    const auto& hour = hours_.begin()->second;
    recall.hashes.insert(recall.hashes.end(), hour.begin(), hour.end());
    hours_.erase(hours_.begin());
  }
  std::ranges::sort(recall.hashes);
  return recall;
}

Recall Parking::everybody() const {
  Recall recall;
  for (const auto& [hour, hashes] : hours_)
    recall.hashes.insert(recall.hashes.end(), hashes.begin(), hashes.end());
  std::ranges::sort(recall.hashes);
  return recall;
}

void Parking::begin(Recall& recall) {
  ++out_;
  recall.number = ++begun_;
}

void Parking::end() {
  if (--out_ == 0) left_.clear();
}

void Parking::left(const MessageId& id) {
  if (out_ > 0) left_[hash_of(id)] = begun_;
}

bool Parking::take_back(const MessageId& id, std::size_t recipients, std::uint64_t recall) {
  const auto left = left_.find(hash_of(id));
  if (left != left_.end() && recall <= left->second) return false;
  recipients_ -= std::min(recipients, recipients_);
  return true;
}

std::size_t Parking::bytes() const {
  std::size_t total = 0;
  for (const auto& [hour, hashes] : hours_) total += hashes.capacity() * sizeof(hashes.front());
  return total;
}

std::int64_t Parking::next_ms() const {
  return hours_.empty() ? INT64_MAX : hours_.begin()->first * hour_ms - lead_ms;
}

}  // namespace postrider

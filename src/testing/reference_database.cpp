// SPDX-License-Identifier: Apache-2.0
#include "testing/reference_database.h"

#include <utility>

namespace postrider::testing {

using journal::Claim;
using journal::Group;
using journal::Receipt;
using journal::Sequence;

void ReferenceDatabase::set_reachable(std::string_view node, bool reachable) {
  if (reachable) {
    unreachable_.erase(std::string(node));
  } else {
    unreachable_.emplace(node);
  }
}

void ReferenceDatabase::break_next_commit(std::optional<bool> stored, int asks) {
  break_next_ = stored;
  failing_asks_ = asks;
}

void ReferenceDatabase::show_events() {
  for (auto& [name, stream] : streams_) {
    for (auto& event : stream.events) {
      if (event.state == Event::State::unseen) event.state = Event::State::seen;
    }
  }
}

void ReferenceDatabase::rot(std::string_view name, Sequence place) {
  if (auto* record = stream(name).find(place)) record->rotten = true;
}

void ReferenceDatabase::start_new_life(std::string_view name) {
  stream(name).incarnation = random_.next() | 1;
}

ReferenceDatabase::Stream& ReferenceDatabase::stream(std::string_view name) {
  const auto found = streams_.find(name);
  if (found != streams_.end()) return found->second;
  auto& made = streams_[std::string(name)];
  made.incarnation = random_.next() | 1;
  return made;
}

std::optional<bool> ReferenceDatabase::breaks() {
  if (break_next_) return std::exchange(break_next_, std::nullopt);
  if (happens(faults_.ambiguous)) return random_.one_in(2);
  return std::nullopt;
}

bool ReferenceDatabase::answers_about_landing() {
  if (failing_asks_ > 0) {
    --failing_asks_;
    return false;
  }
  return !happens(faults_.landed_unavailable);
}

std::vector<Receipt> ReferenceDatabase::store(Stream& stream, std::span<const Group> groups, Time now) {
  if (happens(faults_.burn)) burn(stream);
  // The transaction of a late batch ends after that of a later one, at the latest when the node does its
  // upkeep.
  const bool late = happens(faults_.late_events);
  if (faults_.late_events != 0 && random_.one_in(2)) show_events();
  const auto state = hide_events_ || late ? Event::State::unseen : Event::State::seen;
  std::vector<Receipt> receipts;
  receipts.reserve(groups.size());
  for (const auto& group : groups) receipts.push_back(store(stream, group, now, state));
  return receipts;
}

Receipt ReferenceDatabase::store(Stream& stream, const Group& group, Time now, Event::State state) {
  if (group.claim) {
    auto& held = stream.claims[{group.claim->tenant, group.claim->key}];
    if (held.expires > now) return {{}, held};
    held = *group.claim;
  }
  Receipt receipt{{stream.next_sequence()}, std::nullopt};
  for (const auto& entry : group.entries) {
    auto bytes = entry.bytes;
    if (entry.blob) {
      const auto staged = stream.staged.find(entry.blob.name);
      if (staged != stream.staged.end()) {
        bytes = std::move(staged->second);
        stream.staged.erase(staged);
        stream.used -= bytes.size();
      }
    }
    stream.used += bytes.size();
    ++stream.live;
    stream.spool.push_back({true, entry.label, std::move(bytes)});
  }
  for (const auto& move : group.moves) {
    std::string bytes;
    auto* from = stream.find(move.from);
    const bool live = from && from->live;
    if (live) bytes = from->bytes;
    release(stream, move.from);
    if (live) {
      stream.used += bytes.size();
      ++stream.live;
    }
    stream.spool.push_back({live, move.label, std::move(bytes)});
  }
  for (const auto sequence : group.releases) release(stream, sequence);
  for (const auto& event : group.events) {
    stream.used += event.size();
    stream.events.push_back({state, now, event});
  }
  return receipt;
}

void ReferenceDatabase::release(Stream& stream, Sequence sequence) {
  auto* record = stream.find(sequence);
  if (!record || !record->live) return;
  stream.used -= record->bytes.size();
  --stream.live;
  *record = {};
}

void ReferenceDatabase::burn(Stream& stream) {
  for (auto count = random_.between(1, 3); count > 0; --count) {
    stream.spool.emplace_back();
    stream.events.emplace_back();
  }
}

ReferenceDatabase::Record* ReferenceDatabase::Stream::find(Sequence sequence) {
  return const_cast<Record*>(std::as_const(*this).find(sequence));
}

const ReferenceDatabase::Record* ReferenceDatabase::Stream::find(Sequence sequence) const {
  if (sequence.value < spool_first || sequence.value >= next_sequence()) return nullptr;
  return &spool[sequence.value - spool_first];
}

}  // namespace postrider::testing

// SPDX-License-Identifier: Apache-2.0
#include "journal/local/draft.h"

#include <algorithm>

namespace postrider::journal::local {

Result<void> Draft::write(const Engine& engine, std::span<const Group> groups) {
  content_.begin(engine.identity.next_sequence, engine.identity.next_item);
  receipts_.clear();
  released_.clear();
  gone_.clear();
  held_.clear();
  for (std::size_t i = 0; i < groups.size(); ++i) {
    receipts_.emplace_back();
    if (auto holder = taken(engine, groups.first(i), groups[i])) {
      receipts_.back().taken = std::move(holder);
      continue;
    }
    receipts_.back().first = {content_.next_sequence()};
    PR_TRY(write(engine, groups[i]));
  }
  return {};
}

// Whoever holds the claim of a group: an earlier commit, or an earlier group of this one.
std::optional<Claim> Draft::taken(const Engine& engine, std::span<const Group> earlier,
                                  const Group& group) const {
  if (!group.claim) return std::nullopt;
  if (auto holder = engine.claims.find(group.claim->tenant, group.claim->key, engine.ground.clock.wall()))
    return holder;
  for (std::size_t i = 0; i < earlier.size(); ++i) {
    const auto& claim = earlier[i].claim;
    if (claim && !receipts_[i].taken && claim->tenant == group.claim->tenant &&
        claim->key == group.claim->key)
      return claim;
  }
  return std::nullopt;
}

Result<void> Draft::write(const Engine& engine, const Group& group) {
  for (const auto& one : group.entries) PR_TRY(entry(engine, one));
  of_group_.clear();
  const auto raw = PR_TRY(engine.spool.raw(group.moves));
  for (std::size_t i = 0; i < raw.size(); ++i) move(group.moves[i], raw[i]);
  {
    std::lock_guard lock(engine.mutex);
    for (auto sequence : group.releases) {
      if (engine.spool.is_live(sequence.value)) of_group_.push_back(sequence.value);
    }
  }
  std::ranges::sort(of_group_);
  content_.releases(of_group_);
  released_.insert(released_.end(), of_group_.begin(), of_group_.end());

  // The event log takes them over in batches of its own, whose segments may be smaller.
  const auto most = engine.events.largest_item();
  for (const auto& event : group.events) {
    if (event.size() > most) return Error{Code::invalid, "an event is too large"};
    content_.event(event);
  }
  if (group.claim) {
    const auto claim = encode_claim(*group.claim);
    if (claim.size() > most || group.claim->answer.size() > Claim::answer_limit)
      return Error{Code::invalid, "a claim is too large"};
    content_.claim(claim);
  }
  return {};
}

Result<void> Draft::entry(const Engine& engine, const Entry& entry) {
  if (!entry.blob) {
    if (entry.bytes.size() > Journal::inline_limit) return Error{Code::invalid, "bytes that must be staged"};
    content_.record(entry.label, Body::here, entry.bytes);
    return {};
  }
  const auto reference = engine.blobs.staged(entry.blob);
  if (!reference) return Error{Code::invalid, "names a blob that was not staged"};
  held_.emplace_back(Sequence{content_.next_sequence()}, reference->blob);
  content_.record(entry.label, Body::blob, reference->encode());
  return {};
}

void Draft::move(const Move& move, const Spool::Raw& raw) {
  const Sequence to{content_.next_sequence()};
  if (raw.body == Body::gone) gone_.push_back(to.value);
  if (raw.body == Body::blob) {
    if (const auto reference = BlobRef::decode(raw.bytes)) held_.emplace_back(to, reference->blob);
  }
  content_.record(move.label, raw.body, raw.bytes);
  if (raw.body != Body::gone) of_group_.push_back(move.from.value);
}

void Draft::publish(Engine& engine, std::span<const Group> groups) {
  engine.identity.next_sequence = content_.next_sequence();
  for (const auto& [sequence, blob] : held_) engine.blobs.hold(sequence, blob);
  auto& carrier = *engine.spool.segments().open();
  std::lock_guard lock(engine.mutex);
  for (auto sequence : gone_) engine.spool.release(sequence, carrier);
  for (auto sequence : released_) {
    engine.spool.release(sequence, carrier);
    engine.blobs.release({sequence});
  }
  auto item = engine.identity.next_item;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (receipts_[i].taken) continue;
    for (const auto& event : groups[i].events) engine.events.add_event(item++, event);
    if (const auto& claim = groups[i].claim) {
      engine.claims.put(*claim);
      engine.events.add_claim(item++, encode_claim(*claim), claim->expires);
    }
  }
  engine.identity.next_item = item;
}

}  // namespace postrider::journal::local

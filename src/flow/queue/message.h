// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "journal/journal.h"
#include "model/ids.h"

namespace postrider {

// A personalization of a request with several: the recipients from `first` on, up to the next one's.
struct VariantRef {
  journal::Sequence sequence;
  std::uint32_t first = 0;
  std::uint32_t index = 0;  // which of the request's it is: the number its recipients' records name
  std::int64_t send_at_ms = 0;
};

struct Recipient;

// A request some of whose recipients are still here. Memory per waiting recipient is budgeted (design 2), so
// these hold places in the journal and no text.
struct Message {
  MessageId id;
  TenantId tenant;
  journal::Sequence accepted;
  std::int64_t since_ms =
      0;  // its age counts from here: when it was accepted, or its send_at when that is later
  Recipient* recipients = nullptr;  // those not gone, linked by `sibling`
  std::unique_ptr<std::vector<VariantRef>>
      variants;               // null when the only one travels inside; sorted by `first`
  std::uint32_t here = 0;     // recipients not settled yet
  std::uint32_t copying = 0;  // records of its own that the cleaner is copying just now

  // When recipient n has had its time, however it was spent: waiting, paused or held.
  std::int64_t expires_ms(std::uint32_t n, std::int64_t max_age_ms) const {
    const auto* variant = variant_of(n);
    return std::max(since_ms, variant ? variant->send_at_ms : 0) + max_age_ms;
  }

  // The variant of recipient n, or null: its request had one personalization, or (damage) it is missing. When
  // one in between is lost, its people are given the one before: their records tell, by its index.
  const VariantRef* variant_of(std::uint32_t n) const {
    if (!variants) return nullptr;
    const auto after = std::ranges::upper_bound(*variants, n, {}, &VariantRef::first);
    return after == variants->begin() ? nullptr : &*(after - 1);
  }
};

enum class Standing : std::uint8_t {
  waiting,   // for its due time or its turn
  picked,    // handed out; its fate will come back
  settling,  // a group that ends or moves it is on its way to the disk
  held,      // nobody may try it until an operator decides (its content is damaged, or it is suspected)
};

enum class Reason : std::uint8_t { none, damaged, suspected };  // why it is held; else none

struct Recipient {
  Message* message = nullptr;
  journal::Sequence queued;  // where its record stands now
  std::int64_t due_ms = 0;
  Recipient* next = nullptr;     // in the wheel or in its destination's line
  Recipient* sibling = nullptr;  // of the same message
  std::uint32_t n = 0;
  std::uint32_t lane = 0;  // index of its destination
  std::uint16_t attempt = 0;
  Standing standing = Standing::waiting;
  Reason reason = Reason::none;
  bool in_doubt = false;  // an earlier attempt may have been taken by the peer

  RecipientId id() const { return {message->id, n}; }
};

}  // namespace postrider

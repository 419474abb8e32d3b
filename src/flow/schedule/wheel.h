// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <utility>

#include "flow/queue/message.h"

namespace postrider {

// Recipients by due time, in O(1) each way and with no memory of its own per recipient: they hang in slots by
// their `next`. Two rings: slots of 256 ms for the next minutes, slots of 262 s for the next three days; what
// is due later still waits in the last one. Order within a slot is not kept. One thread.
class Wheel {
 public:
  explicit Wheel(std::int64_t now_ms) : tick_(now_ms >> fine_bits) {}

  void add(Recipient& recipient) {
    place(recipient);
    ++count_;
  }

  // Hands every recipient due at `now_ms` or earlier to `due`, which may add() others.
  template <class Due>
  void advance(std::int64_t now_ms, Due due) {
    const auto until = now_ms >> fine_bits;
    while (tick_ < until) {
      ++tick_;
      if ((tick_ & slot_mask) == 0) cascade();
      for (auto* recipient = std::exchange(fine_[at(tick_)], nullptr); recipient;) {
        auto* next = std::exchange(recipient->next, nullptr);
        --count_;
        due(*recipient);
        recipient = next;
      }
    }
  }

  // Takes out those for whom `wanted` holds. Walks everything: for an operator's order.
  template <class Wanted>
  void remove_if(Wanted wanted) {
    for (auto* ring : {&fine_, &coarse_})
      for (auto& slot : *ring)
        for (auto** link = &slot; *link;) {
          if (!wanted(**link)) {
            link = &(*link)->next;
            continue;
          }
          *link = std::exchange((*link)->next, nullptr);
          --count_;
        }
  }

  // Takes out, and hands to `taken`, those that hang where somebody due after `after_ms` may hang and for
  // whom `wanted` holds. Walks all of them.
  template <class Wanted, class Taken>
  void take_later(std::int64_t after_ms, Wanted wanted, Taken taken) {
    const auto last = (tick_ >> slot_bits) + slots - 1;
    for (auto slot = std::min(after_ms >> (fine_bits + slot_bits), last); slot <= last; ++slot) {
      for (auto** link = &coarse_[at(slot)]; *link;) {
        auto* recipient = *link;
        if (!wanted(*recipient)) {
          link = &recipient->next;
          continue;
        }
        *link = std::exchange(recipient->next, nullptr);
        --count_;
        taken(*recipient);
      }
    }
  }

  // The earliest moment at which advance() may have something to hand out. Late by nothing, early by a slot.
  std::int64_t next_ms() const {
    if (count_ == 0) return INT64_MAX;
    for (auto tick = tick_ + 1; tick <= (tick_ | slot_mask); ++tick)
      if (fine_[at(tick)]) return tick << fine_bits;
    return ((tick_ | slot_mask) + 1) << fine_bits;  // the next cascade
  }

  std::size_t count() const { return count_; }
  template <class Visit>
  void each(Visit visit) const {
    for (const auto* ring : {&fine_, &coarse_})
      for (auto* slot : *ring)
        for (auto* recipient = slot; recipient; recipient = recipient->next) visit(*recipient);
  }

 private:
  static constexpr int fine_bits = 8, slot_bits = 10;
  static constexpr std::int64_t slots = 1 << slot_bits, slot_mask = slots - 1;

  static std::size_t at(std::int64_t tick) { return static_cast<std::size_t>(tick & slot_mask); }

  void place(Recipient& recipient) {
    // A due moment inside a tick is served with the tick that follows it, so never early.
    auto tick = (recipient.due_ms + (1 << fine_bits) - 1) >> fine_bits;
    if (tick <= tick_) tick = tick_ + 1;
    auto& slot = (tick >> slot_bits) == (tick_ >> slot_bits) ? fine_[at(tick)] : coarse_[coarse_slot(tick)];
    recipient.next = slot;
    slot = &recipient;
  }
  std::size_t coarse_slot(std::int64_t tick) const {
    const auto last = (tick_ >> slot_bits) + slots - 1;
    return at(std::min(tick >> slot_bits, last));
  }
  void cascade() {
    for (auto* recipient = std::exchange(coarse_[at(tick_ >> slot_bits)], nullptr); recipient;) {
      auto* next = std::exchange(recipient->next, nullptr);
      auto tick = std::max((recipient->due_ms + (1 << fine_bits) - 1) >> fine_bits, tick_);
      auto& slot = (tick >> slot_bits) == (tick_ >> slot_bits) ? fine_[at(tick)] : coarse_[coarse_slot(tick)];
      recipient->next = slot;
      slot = recipient;
      recipient = next;
    }
  }

  std::int64_t tick_;
  std::array<Recipient*, slots> fine_{}, coarse_{};
  std::size_t count_ = 0;
};

}  // namespace postrider

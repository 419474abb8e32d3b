// SPDX-License-Identifier: Apache-2.0
#include "io/deadline_wheel.h"

#include <algorithm>

namespace postrider::io {

void DeadlineWheel::link(Link& into, Link& entry) {
  entry.previous = into.previous;
  entry.next = &into;
  into.previous->next = &entry;
  into.previous = &entry;
}

void DeadlineWheel::unlink(Link& entry) {
  entry.previous->next = entry.next;
  entry.next->previous = entry.previous;
  entry.previous = entry.next = &entry;
}

void DeadlineWheel::add(Entry& entry, Instant deadline) {
  entry.due_ = std::max(due(deadline), now_ + 1);
  link(slot(entry.due_), entry);
  ++size_;
}

void DeadlineWheel::remove(Entry& entry) {
  if (!entry.is_linked()) return;
  unlink(entry);
  --size_;
}

void DeadlineWheel::advance(Instant now) {
  std::int64_t target = ticks(now);
  // After a long sleep every slot is visited once, whatever the number of ticks that were missed.
  std::int64_t first = std::max(now_ + 1, target - static_cast<std::int64_t>(slots_.size()) + 1);
  now_ = std::max(now_, target);
  for (std::int64_t at = first; at <= target; ++at) {
    // Moved aside first: expire() may add to this very slot.
    Link waiting;
    Link& here = slot(at);
    while (here.next != &here) {
      Link& entry = *here.next;
      unlink(entry);
      link(waiting, entry);
    }
    while (waiting.next != &waiting) {
      Entry& entry = static_cast<Entry&>(*waiting.next);
      unlink(entry);
      if (entry.due_ > target) {
        link(here, entry);
      } else {
        --size_;
        entry.expire();
      }
    }
  }
}

}  // namespace postrider::io

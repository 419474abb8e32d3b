// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace postrider::io {

// Deadlines of operations that nearly always end in time: setting and dropping one is a few pointer writes.
// One that passes is noticed up to a tick late and never early. One thread.
class DeadlineWheel {
  struct Link {
    Link* previous = this;
    Link* next = this;
  };

 public:
  static constexpr Duration tick = std::chrono::milliseconds(50);

  // Something with a deadline. Must be removed, or have expired, before it dies.
  class Entry : private Link {
   public:
    Entry() = default;
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    bool is_linked() const { return next != this; }

   protected:
    ~Entry() = default;
    virtual void expire() = 0;  // Already removed when called; may add and remove any entry.

   private:
    friend DeadlineWheel;
    std::int64_t due_ = 0;
  };

  explicit DeadlineWheel(Instant now) : now_(ticks(now)) {}
  DeadlineWheel(const DeadlineWheel&) = delete;
  DeadlineWheel& operator=(const DeadlineWheel&) = delete;

  // `deadline` must not be `never`.
  void add(Entry& entry, Instant deadline);
  void remove(Entry& entry);  // fine when it is not in
  void advance(Instant now);  // expires what is due

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  // Whether the deadline had passed at the last advance.
  bool is_past(Instant deadline) const { return deadline != never && due(deadline) <= now_; }

 private:
  static std::int64_t ticks(Instant time) { return time.time_since_epoch() / tick; }
  static std::int64_t due(Instant deadline) { return ticks(deadline) + 1; }
  Link& slot(std::int64_t at) { return slots_[static_cast<std::size_t>(at) % slots_.size()]; }
  static void link(Link& into, Link& entry);
  static void unlink(Link& entry);

  std::array<Link, 512> slots_;  // one turn is 25.6 s; entries due in a later turn are passed over
  std::int64_t now_;
  std::size_t size_ = 0;
};

}  // namespace postrider::io

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "flow/queue/message.h"
#include "flow/schedule/assignment.h"
#include "flow/schedule/destination.h"
#include "flow/schedule/retry.h"
#include "flow/schedule/wheel.h"

namespace postrider {

// Who is next, per destination. It holds no clock and never sleeps: pick(now) answers with work, or how long
// to wait. Due times are on the anchored clock (base/clock.h), so a stepped wall neither hurries nor stalls
// anything. One thread (the road).
class Scheduler {
 public:
  struct Limits {
    std::uint32_t window_start = 8;  // transactions out at once at a new destination
    std::uint32_t window_most = 64;
    std::size_t recipients_most = 100;  // in one transaction
    // Transactions out in all: the memory that prepared mail may take. A peer may be silent for ten minutes
    // (after the final dot, say), so those of sites that have been quiet for a while count apart: whatever
    // their number, the others find room. A quiet site has no more than window_start out.
    std::size_t out_most = 16'384;
    std::size_t quiet_most = 65'536;
    std::chrono::milliseconds quiet_after = std::chrono::seconds(30);
  };
  // May this tenant's mail go out now? Asked on each pick, so that a pause is O(1) and at once.
  using MaySend = std::function<bool(TenantId)>;

  Scheduler(Limits limits, RetryPolicy retry, MaySend may_send, std::int64_t now_ms)
      : limits_(limits), retry_(retry), may_send_(std::move(may_send)), wheel_(now_ms) {}

  void add(Recipient& recipient, std::int64_t now_ms);  // standing at waiting; due now or later

  struct Due {
    std::vector<Assignment> assignments;
  };
  struct Wait {
    std::int64_t until_ms = 0;
  };
  struct Idle {};
  using Pick = std::variant<Due, Wait, Idle>;
  Pick pick(std::int64_t now_ms);

  // One that waits nowhere here, by itself and past everybody in line; nullopt = not now.
  std::optional<Assignment> pick_alone(Recipient& recipient, std::int64_t now_ms);

  // The transaction came back. The window and the site's pause follow from how it went.
  enum class Went { well, untried, slow_down, site_failed };
  void returned(const Assignment& assignment, Went went, std::int64_t now_ms);

  // Takes those for whom `chosen` holds out of the wheel and the lines. Walks everything, once: for an
  // operator's order.
  using Chosen = std::function<bool(const Recipient&)>;
  void remove_if(const Chosen& chosen);

  // Recipients in line whose time has run out, taken out of it. Walks every line: call it about once a
  // minute.
  std::vector<Recipient*> expired(std::int64_t now_ms);

  // Those in the wheel that are due after `after_ms` and `wanted`, taken out of it. Walks all that are due so
  // late.
  template <class Wanted>
  std::vector<Recipient*> take_later(std::int64_t after_ms, Wanted wanted) {
    std::vector<Recipient*> out;
    wheel_.take_later(after_ms, wanted, [&](Recipient& recipient) { out.push_back(&recipient); });
    return out;
  }

  const RetryPolicy& retry() const { return retry_; }
  std::size_t waiting() const { return wheel_.count() + in_line_; }
  std::size_t out() const { return out_ + out_quiet_; }
  const std::vector<std::unique_ptr<Destination>>& destinations() const { return destinations_; }
  const Wheel& wheel() const { return wheel_; }

 private:
  Destination& destination(std::uint32_t lane);
  std::size_t& out_with(const Destination& site) { return site.quiet ? out_quiet_ : out_; }
  void leaves(std::uint32_t lane, Destination& site, std::int64_t now_ms);
  void comes_back(std::uint32_t lane, Destination& site, Went went, std::int64_t now_ms);
  void watch(std::uint32_t lane, Destination& site);
  void notice_quiet(std::int64_t now_ms);
  bool may_take(const Destination& site) const;
  void join(Recipient& recipient);
  Assignment assign(std::uint32_t lane, const std::vector<Recipient*>& taken) const;

  Limits limits_;
  RetryPolicy retry_;
  MaySend may_send_;
  Wheel wheel_;
  std::vector<std::unique_ptr<Destination>> destinations_;  // by lane index
  std::vector<std::uint32_t> active_;                       // lanes with somebody in line
  std::size_t in_line_ = 0;
  std::size_t out_ = 0, out_quiet_ = 0;
  struct Watch {
    std::uint32_t lane = 0;
    std::int64_t heard_ms = 0;
  };
  std::deque<Watch> watched_;  // each site with something out that is not quiet, once; about in order of time
};

}  // namespace postrider

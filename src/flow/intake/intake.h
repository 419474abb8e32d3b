// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "flow/policy/tenant_policy.h"
#include "flow/queue/queue.h"
#include "journal/committer.h"
#include "journal/journal.h"
#include "model/submission.h"

namespace postrider {

// What a door may tell its client once the request is durable.
struct Accepted {
  MessageId message;
  bool replayed = false;  // the same request under the same idempotency key was accepted before: its id
};

// Where every door hands in mail: may this tenant send this, and is it safe on disk? One request becomes one
// atomic group; the answer comes after the group is durable and never before. Any thread; `done` runs on the
// journal thread, or here and at once when the answer needs no commit.
class Intake {
 public:
  // forbidden = the from domain is not this tenant's; closed = the account is: no mail is taken from it;
  // exists = the idempotency key belongs to another request; invalid = an address is none; exhausted and
  // unavailable = try later.
  using Done = std::move_only_function<void(Result<Accepted>)>;
  using Admit = std::function<void(Admission)>;

  Intake(journal::Journal& journal, journal::Committer& committer, const Policies& policies, Random& random,
         Admit admit)
      : journal_(journal),
        committer_(committer),
        policies_(policies),
        random_(random),
        admit_(std::move(admit)) {}

  void take(const Submission& submission, Time now, Done done);

  // Whether a repetition of a request under this key would be known as one: it has been taken, or there is
  // room to remember that it was. A door asks before it takes one, because take() does not: a key that nobody
  // remembers would be a promise broken in silence.
  bool may_promise(TenantId tenant, std::string_view key);
  std::uint64_t promises_refused() const { return promises_refused_.load(std::memory_order_relaxed); }

 private:
  struct Plan {
    journal::Group group;
    Admission admission;
  };
  Result<Plan> plan(const Submission& submission, Time now);
  // Large bodies go to places of their own; whoever has them gives them back unless the group is stored.
  Result<std::vector<journal::Blob>> stage(std::vector<journal::Entry>& entries);
  void give_back(const std::vector<journal::Blob>& staged);

  journal::Journal& journal_;
  journal::Committer& committer_;
  const Policies& policies_;
  Random& random_;
  Admit admit_;
  std::atomic<std::uint64_t> promises_refused_ = 0;
};

// Which destination a recipient's mail goes to: a number that stays the same over restarts (it is stored in
// labels).
std::uint64_t lane_of(std::string_view ascii_domain);

}  // namespace postrider

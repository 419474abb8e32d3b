// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "flow/road/road.h"
#include "records/accepted.h"

// What an operator orders: queue retry, release and drop.
namespace postrider {
Result<std::size_t> Road::order(Order order, std::optional<RecipientId> which, Time now) {
  std::vector<Recipient*> chosen;
  if (which) {
    auto* recipient = queue_.find(*which);
    if (!recipient) return Error{Code::not_found, "no such recipient is waiting"};
    chosen.push_back(recipient);
  } else {
    queue_.each_message([&](const Message& message) {
      for (auto* recipient = message.recipients; recipient; recipient = recipient->sibling)
        chosen.push_back(recipient);
    });
  }
  if (order != Order::drop) PR_TRY(acquit(chosen));
  std::size_t done = 0;
  for (auto* recipient : chosen) {
    const bool held = recipient->standing == Standing::held;
    if (!held && recipient->standing != Standing::waiting) continue;  // its fate is being decided right now
    if (order == Order::release && !held) continue;
    if (held)
      let_go(*recipient);
    else if (!trials_.remove(*recipient))
      scheduler_.remove(*recipient);
    if (order == Order::drop) {
      Report::One result;
      if (auto bytes = journal_.read({&recipient->queued, 1}); bytes.ok())
        if (auto queued = records::decode_queued(bytes->front()); queued.ok())
          result.email = std::move(queued->email);
      result.text = "dropped by the operator";
      end(*recipient, result, EventKind::dropped, Refusal::none, Report{}, now);
      ++counts_.dropped;
    } else {
      recipient->due_ms = millis(now);
      line_up(*recipient, now);
    }
    ++done;
  }
  flush();
  return done;
}

// What holds them must be forgotten for good, or the next start would hold them again.
Result<void> Road::acquit(std::span<Recipient* const> chosen) {
  std::vector<RecipientId> ids;
  for (const auto* recipient : chosen)
    if (recipient->standing == Standing::held && recipient->reason == Reason::suspected)
      ids.push_back(recipient->id());
  if (ids.empty()) return {};
  return options_.suspects->acquit(ids);
}

}  // namespace postrider

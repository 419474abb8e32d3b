// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "flow/road/road.h"

// What an operator orders: queue retry, release and drop.
namespace postrider {
namespace {

// Why a recipient cannot be given the order; empty = it can.
std::string_view refusal_of(Road::Order order, const Recipient& recipient) {
  const bool held = recipient.standing == Standing::held;
  if (!held && recipient.standing != Standing::waiting)
    return "its fate is being decided right now; ask again";
  // Nobody could send it, nor say whose it is or when it expires.
  if (order != Road::Order::drop && !recipient.message->accepted)
    return "its content is lost; it can only be dropped";
  if (held) return {};
  return order == Road::Order::release ? "it is not held" : "";
}

bool is_picked(const Recipient& recipient) {
  return recipient.standing == Standing::picked;
}

}  // namespace

Result<std::size_t> Road::order(Order order, std::optional<RecipientId> which, Time now) {
  if (committer_.stopped()) return Error{Code::unavailable, "the journal has stopped"};
  const auto chosen = PR_TRY(choose(order, which));
  if (order != Order::drop) PR_TRY(acquit(chosen));
  let_go(chosen);  // nobody else in a line stands at picked
  scheduler_.remove_if(is_picked);
  trials_.remove_if(is_picked);
  for (auto* recipient : chosen) {
    if (order == Order::drop) {
      give_up(*recipient, GivenUp::ordered);
    } else {
      recipient->due_ms = millis(now);
      line_up(*recipient, now);
    }
  }
  end_some(now);
  return chosen.size();
}

Result<std::vector<Recipient*>> Road::choose(Order order, std::optional<RecipientId> which) const {
  std::vector<Recipient*> chosen;
  if (!which) {
    queue_.each_message([&](const Message& message) {
      for (auto* recipient = message.recipients; recipient; recipient = recipient->sibling)
        if (refusal_of(order, *recipient).empty()) chosen.push_back(recipient);
    });
    return chosen;
  }
  auto* recipient = queue_.find(*which);
  if (!recipient) return Error{Code::not_found, "no such recipient is waiting"};
  if (const auto why = refusal_of(order, *recipient); !why.empty()) {
    const bool stands = recipient->standing == Standing::waiting || recipient->standing == Standing::held;
    return Error{stands ? Code::invalid : Code::unavailable, std::string(why)};
  }
  chosen.push_back(recipient);
  return chosen;
}

void Road::drop(Recipient& recipient, Time now) {
  Report::One result;
  result.text = "dropped by the operator";
  end(recipient, result, EventKind::dropped, Refusal::none, Report{}, now);
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

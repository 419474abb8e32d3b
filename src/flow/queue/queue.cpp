// SPDX-License-Identifier: Apache-2.0
#include "flow/queue/queue.h"

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include "base/crash_point.h"
#include "records/kind.h"

namespace postrider {

using journal::Label;
using journal::Sequence;
using records::Kind;

// The slabs forget their objects; only what a message owns beside itself must be given back.
Queue::~Queue() {
  messages_.each([](Message& message) { message.variants.reset(); });
}

std::uint32_t Queue::lane_index(std::uint64_t lane) {
  const auto [at, fresh] = lane_numbers_.try_emplace(lane, static_cast<std::uint32_t>(lanes_.size()));
  if (fresh) lanes_.push_back(lane);
  return at->second;
}

Message* Queue::add(const Admission& admission) {
  Message* message = message_slab_.make();
  message->id = admission.id;
  message->tenant = admission.tenant;
  message->accepted = admission.accepted;
  message->since_ms = admission.since_ms;
  if (!admission.variants.empty())
    message->variants = std::make_unique<std::vector<VariantRef>>(admission.variants);
  messages_.insert(message);
  return message;
}

Recipient* Queue::add(Message& message, const Admission::To& to) {
  Recipient* recipient = recipients_.make();
  recipient->message = &message;
  recipient->queued = to.queued;
  recipient->due_ms = to.due_ms;
  recipient->n = to.n;
  recipient->lane = lane_index(to.lane);
  recipient->sibling = message.recipients;
  message.recipients = recipient;
  ++message.here;
  return recipient;
}

Message& Queue::restored_message(const Label& label) {
  MessageId id{label.owner};
  if (auto* known = messages_.find(id)) return *known;
  Message* message = message_slab_.make();
  message->id = id;
  messages_.insert(message);
  return *message;
}

void Queue::restore(Sequence sequence, const Label& label) {
  auto& message = restored_message(label);
  switch (Kind{label.kind}) {
    case Kind::accepted:
      message.accepted = sequence;
      message.tenant.value = label.lane;
      message.since_ms = label.due_ms;
      break;
    case Kind::variant: {
      if (!message.variants) message.variants = std::make_unique<std::vector<VariantRef>>();
      auto& variants = *message.variants;
      const VariantRef variant{sequence, label.n, static_cast<std::uint32_t>(label.lane), label.due_ms};
      variants.insert(std::ranges::upper_bound(variants, label.n, {}, &VariantRef::first), variant);
      break;
    }
    case Kind::queued:
    case Kind::uncertain: {
      auto* recipient = add(message, {sequence, label.n, label.due_ms, label.lane});
      recipient->attempt = label.attempt;
      recipient->in_doubt = Kind{label.kind} == Kind::uncertain;
      break;
    }
    case Kind::intent:
      restoring_.intents.push_back({RecipientId{message.id, label.n}, sequence, label.lane});
      break;
  }
}

Queue::Restored Queue::restored(std::uint64_t node) {
  std::vector<Message*> all;
  all.reserve(messages_.size());
  messages_.each([&](Message& message) { all.push_back(&message); });
  return complete(all, node);
}

// Everything that is live of these messages has been fed.
Queue::Restored Queue::complete(const std::vector<Message*>& messages, std::uint64_t node) {
  Restored out;
  std::unordered_set<const Recipient*> foreign;
  for (const auto& intent : restoring_.intents) {
    if (auto* recipient = find(intent.recipient)) {
      recipient->in_doubt = true;
      intents_[recipient].push_back(intent.sequence);
      if (intent.node != node) foreign.insert(recipient);
    } else {
      out.orphans.push_back(intent.sequence);
    }
  }
  restoring_ = {};
  for (auto* message : messages) {
    if (message->here == 0) {
      if (message->accepted) out.orphans.push_back(message->accepted);
      if (message->variants)
        for (const auto& variant : *message->variants) out.orphans.push_back(variant.sequence);
      forget(*message);
      continue;
    }
    for (auto* recipient = message->recipients; recipient; recipient = recipient->sibling) {
      // Without its content nobody can send it. It stays visible, and an operator decides.
      const bool lost = !message->accepted || (message->variants && !message->variant_of(recipient->n));
      if (lost) recipient->standing = Standing::held, recipient->reason = Reason::damaged;
      const bool uncertain = recipient->standing != Standing::held && foreign.contains(recipient);
      (uncertain ? out.uncertain : out.waiting).push_back(recipient);
    }
  }
  return out;
}

void Queue::forget(Message& message) {
  parking_.left(message.id);
  messages_.erase(&message);
  message_slab_.free(&message);
}

bool Queue::parkable(const Message& message, Sequence recallable, std::int64_t now_ms) const {
  if (message.copying > 0 || !message.accepted || message.accepted >= recallable) return false;
  if (message.variants && std::ranges::any_of(*message.variants, [&](const VariantRef& variant) {
        return variant.sequence >= recallable;
      }))
    return false;
  for (const auto* recipient = message.recipients; recipient; recipient = recipient->sibling) {
    if (recipient->standing != Standing::waiting || recipient->queued >= recallable ||
        !Parking::worthwhile(recipient->due_ms, now_ms) || intents_.contains(recipient))
      return false;
  }
  return true;
}

void Queue::park(Message& message) {
  auto due_ms = message.recipients->due_ms;
  for (auto* recipient = message.recipients; recipient;) {
    due_ms = std::min(due_ms, recipient->due_ms);
    recipients_.free(std::exchange(recipient, recipient->sibling));
  }
  parking_.park(message.id, due_ms, message.here);
  forget(message);
}

Queue::Restored Queue::take_back(const Recalled& recalled) {
  std::map<MessageId, std::size_t> absent;  // with how many recipients
  for (const auto& [sequence, label] : recalled.records) {
    const MessageId id{label.owner};
    if (messages_.find(id)) continue;
    absent[id] += label.kind == static_cast<std::uint8_t>(Kind::queued) ||
                  label.kind == static_cast<std::uint8_t>(Kind::uncertain);
  }
  std::erase_if(absent,
                [&](const auto& one) { return !parking_.take_back(one.first, one.second, recalled.number); });
  for (const auto& [sequence, label] : recalled.records)
    if (absent.contains(MessageId{label.owner})) restore(sequence, label);
  std::vector<Message*> back;
  for (const auto& [id, recipients] : absent) back.push_back(messages_.find(id));
  return complete(back, 0);
}

void Queue::intent(Recipient& recipient, Sequence sequence) {
  intents_[&recipient].push_back(sequence);
}

void Queue::release_intents(Recipient& recipient, std::vector<Sequence>& releases) {
  const auto found = intents_.find(&recipient);
  if (found == intents_.end()) return;
  releases.insert(releases.end(), found->second.begin(), found->second.end());
  intents_.erase(found);
}

void Queue::release_for(Recipient& recipient, std::vector<Sequence>& releases) {
  auto& message = *recipient.message;
  recipient.standing = Standing::settling;
  releases.push_back(recipient.queued);
  release_intents(recipient, releases);
  --message.here;
  // While a copy is on its way nobody knows which place to release: gone() will.
  const bool last = message.recipients == &recipient && !recipient.sibling;
  if (last && message.copying == 0) release_own(message, releases);
}

void Queue::release_own(Message& message, std::vector<Sequence>& releases) {
  if (const auto accepted = std::exchange(message.accepted, {})) releases.push_back(accepted);
  if (const auto variants = std::exchange(message.variants, nullptr))
    for (const auto& variant : *variants) releases.push_back(variant.sequence);
}

void Queue::gone(Recipient& recipient, std::vector<Sequence>& left_behind) {
  auto& message = *recipient.message;
  for (auto** link = &message.recipients; *link; link = &(*link)->sibling) {
    if (*link != &recipient) continue;
    *link = recipient.sibling;
    break;
  }
  recipients_.free(&recipient);
  if (message.recipients) return;
  release_own(message, left_behind);
  forget(message);
}

Label Queue::label(const Recipient& recipient) const {
  Label label;
  label.kind = static_cast<std::uint8_t>(recipient.in_doubt ? Kind::uncertain : Kind::queued);
  label.owner = recipient.message->id.bytes;
  label.n = recipient.n;
  label.attempt = recipient.attempt;
  label.due_ms = recipient.due_ms;
  label.lane = lanes_[recipient.lane];
  return label;
}

Queue::Movable Queue::movable(const journal::Journal::LiveRecord& record) {
  auto* message = messages_.find(MessageId{record.label.owner});
  if (!message || message->here == 0) return {};
  switch (Kind{record.label.kind}) {
    case Kind::accepted:
      return {nullptr, message->accepted == record.sequence ? message : nullptr};
    case Kind::variant: {
      const bool known =
          message->variants && std::ranges::any_of(*message->variants, [&](const VariantRef& variant) {
            return variant.sequence == record.sequence;
          });
      return {nullptr, known ? message : nullptr};
    }
    case Kind::queued:
    case Kind::uncertain: {
      auto* recipient = find(RecipientId{message->id, record.label.n});
      if (!recipient || recipient->queued != record.sequence) return {};
      const bool still = recipient->standing == Standing::waiting || recipient->standing == Standing::held;
      return {still || PR_MUTANT(7) ? recipient : nullptr, nullptr};  // planted: it may be settling meanwhile
    }
    case Kind::intent:
      return {};
  }
  return {};
}

void Queue::moved(const Movable& what, Sequence from, Sequence to) {
  if (what.recipient) {
    what.recipient->queued = to;
  } else if (what.message->accepted == from) {
    what.message->accepted = to;
  } else if (what.message->variants) {
    for (auto& variant : *what.message->variants)
      if (variant.sequence == from) variant.sequence = to;
  }
}

Recipient* Queue::find(const RecipientId& id) const {
  auto* message = messages_.find(id.message);
  if (!message) return nullptr;
  for (auto* recipient = message->recipients; recipient; recipient = recipient->sibling)
    if (recipient->n == id.n) return recipient;
  return nullptr;
}

}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/crash_point.h"
#include "base/overloaded.h"
#include "flow/outcome/outcome.h"
#include "flow/queue/address.h"
#include "flow/road/road.h"
#include "records/event.h"

// What became of an attempt, and the group that makes it so.
namespace postrider {
namespace {

constexpr std::size_t settlement_most = 256;  // recipients in one group
constexpr std::size_t settlement_bytes =
    1 << 20;  // of events: a peer's reply may be 64 KB, and each repeats it

Attempted event_of(const Recipient& recipient, const Report::One& result, EventKind kind,
                   const Report& report, Time now) {
  Attempted event;
  event.kind = kind;
  event.at = now;
  event.tenant = recipient.message->tenant;
  event.recipient = recipient.id();
  event.email = result.email;
  event.attempt = recipient.attempt;
  event.possible_duplicate = recipient.in_doubt;
  event.response = result.text;
  event.status = status_of(result);
  event.ip = report.ip;
  event.tls_policy = report.tls_policy;
  if (report.tls_used) {
    event.tls_version = report.tls.version;
    event.tls_cipher = report.tls.cipher;
    event.certificate_valid = report.tls.certificate_valid;
  }
  return event;
}

}  // namespace

struct Road::Settlement {
  journal::Group group;
  std::vector<Recipient*> ended;
  std::vector<Recipient*> put_off;  // one per group.moves, in order
  std::size_t event_bytes = 0;

  std::size_t recipients() const { return ended.size() + put_off.size(); }
  bool full() const { return recipients() >= settlement_most || event_bytes >= settlement_bytes; }
  void tell(const Event& event) { event_bytes += group.events.emplace_back(records::encode(event)).size(); }
};

// After our own crash an intent without outcome is tried again at once. Another node may still be waiting for
// the final reply: we wait as long as it may, and write that down, so that a crash does not begin the wait
// anew.
void Road::wait_out(Recipient& recipient, Time now) {
  recipient.due_ms = std::max(recipient.due_ms, millis(now + options_.unknown_wait));
  move(recipient);
}

// To where its label now says, without the intents it had.
void Road::move(Recipient& recipient) {
  auto& settlement = open();
  recipient.standing = Standing::settling;
  settlement.group.moves.push_back({recipient.queued, queue_.label(recipient)});
  queue_.release_intents(recipient, settlement.group.releases);
  settlement.put_off.push_back(&recipient);
}

Road::Settlement& Road::open() {
  if (open_ && open_->full()) flush();
  if (!open_) open_ = std::make_shared<Settlement>();
  return *open_;
}

void Road::settle(const Report& report, std::size_t i, Time now) {
  auto& recipient = *report.assignment.to[i].handle;
  const auto& result = report.results[i];
  recipient.attempt = report.assignment.to[i].attempt;
  if (result.intent) queue_.intent(recipient, result.intent);
  std::visit(
      overloaded{
          [&](Delivered) { end(recipient, result, EventKind::delivered, Refusal::none, report, now); },
          [&](Refused refused) { end(recipient, result, EventKind::bounce, refused.refusal, report, now); },
          [&](TryLater) { put_off(recipient, result, report, now); }},
      classify(result));
}

void Road::end(Recipient& recipient, const Report::One& result, EventKind kind, Refusal refusal,
               const Report& report, Time now) {
  auto& settlement = open();
  auto event = event_of(recipient, result, kind, report, now);
  event.refusal = refusal;
  if (event.email.empty()) event.email = address_of(recipient, journal_);
  settlement.tell(event);
  queue_.release_for(recipient, settlement.group.releases);
  settlement.ended.push_back(&recipient);
  auto& count = kind == EventKind::delivered  ? counts_.delivered
                : kind == EventKind::dropped  ? counts_.dropped
                : refusal == Refusal::blocked ? counts_.blocked
                                              : counts_.bounced;
  ++count;
  if (recipient.in_doubt) ++counts_.possible_duplicates;
}

void Road::put_off(Recipient& recipient, const Report::One& result, const Report& report, Time now) {
  const auto expires = recipient.message->expires_ms(recipient.n, options_.retry.max_age.count());
  if (millis(now) >= expires) {
    // Nothing follows that would say it: this bounce may have been delivered.
    if (result.fate == Fate::unknown) recipient.in_doubt = true;
    return expire(recipient, result, report, now);
  }
  auto& settlement = open();
  auto event = event_of(recipient, result, EventKind::deferred, report, now);
  if (event.email.empty()) event.email = address_of(recipient, journal_);
  settlement.tell(event);
  if (result.fate == Fate::unknown) recipient.in_doubt = true;
  recipient.due_ms = std::min(expires, millis(now + options_.retry.gap(recipient.attempt, recipient.id())));
  move(recipient);
  ++counts_.deferred;
}

void Road::expire(Recipient& recipient, const Report::One& last, const Report& report, Time now) {
  Report::One result;
  result.email = last.email;
  result.status = "5.4.7";  // delivery time expired
  result.text =
      "expired after " +
      std::to_string(std::chrono::duration_cast<std::chrono::hours>(options_.retry.max_age).count()) + " h" +
      (last.text.empty() ? "" : "; last: " + last.text);
  end(recipient, result, EventKind::bounce, Refusal::blocked, report, now);
}

void Road::flush() {
  if (!left_behind_.empty()) {
    if (!open_) open_ = std::make_shared<Settlement>();
    auto& releases = open_->group.releases;
    releases.insert(releases.end(), left_behind_.begin(), left_behind_.end());
    left_behind_.clear();
  }
  if (!open_) return;
  counts_.settling += static_cast<std::int64_t>(open_->recipients());
  submit(std::exchange(open_, nullptr));
}

void Road::submit(std::shared_ptr<Settlement> settlement) {
  auto group = settlement->group;  // kept here too: a full disk gives it back to be offered again
  if (PR_MUTANT(10)) committer_.submit(group, [](Result<journal::Receipt>) {});  // planted: settle twice
  committer_.submit(std::move(group),
                    [this, settlement = std::move(settlement)](Result<journal::Receipt> result) mutable {
                      push({std::move(settlement), nullptr, std::move(result)});
                    });
}

void Road::settled(Receipt& receipt, Time now) {
  if (receipt.cleaning) return cleaned(*receipt.cleaning, receipt.result);
  auto& settlement = *receipt.settlement;
  if (!receipt.result.ok()) {
    // What happened to these recipients is known and must not be forgotten: never pick them again, only retry
    // the settlement. If the journal has stopped, the intents say to the next start what is in doubt.
    if (receipt.result.error().code == Code::exhausted) {
      log_.alarm("settlement_refused", {{"why", receipt.result.error().detail}});
      ++counts_.settlements_refused;
      if (refused_.empty()) next_offer_ = now + offer_every;
      refused_.push_back(std::move(receipt.settlement));
    } else if (!committer_.stopped()) {
      log_.alarm("settlement_lost",
                 {{"why", receipt.result.error().detail}, {"recipients", settlement.recipients()}});
    }
    return;
  }
  counts_.settling -= static_cast<std::int64_t>(settlement.recipients());
  auto place = receipt.result->first.value + settlement.group.entries.size();
  for (auto* recipient : settlement.put_off) {
    recipient->queued = journal::Sequence{place++};
    line_up(*recipient, now);
  }
  for (auto* recipient : settlement.ended) queue_.gone(*recipient, left_behind_);
}

void Road::release(std::vector<journal::Sequence> sequences) {
  if (sequences.empty()) return;
  auto settlement = std::make_shared<Settlement>();
  settlement->group.releases = std::move(sequences);
  submit(std::move(settlement));
}

}  // namespace postrider

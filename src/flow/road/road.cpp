// SPDX-License-Identifier: Apache-2.0
#include "flow/road/road.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/crash_point.h"
#include "flow/outcome/outcome.h"
#include "records/accepted.h"
#include "records/event.h"
#include "records/kind.h"

namespace postrider {
namespace {

constexpr auto sweep_every = std::chrono::seconds(60);
constexpr std::chrono::milliseconds look_again = std::chrono::seconds(1);  // at those who may not go now
constexpr std::size_t settlement_most = 256;                               // recipients in one group
constexpr std::size_t cleaned_at_once = 256;

template <class... Ts>
struct overloaded : Ts... {
  using Ts::operator()...;
};

}  // namespace

struct Road::Settlement {
  journal::Group group;
  std::vector<Recipient*> ended;
  std::vector<Recipient*> put_off;  // one per group.moves, in order
};

struct Road::Cleaning {
  struct Moved {
    MessageId message;
    std::optional<std::uint32_t> n;  // a recipient's record; else the message's own
    journal::Sequence from;
  };
  std::vector<Moved> moved;  // one per move of its group
};

Road::Road(journal::Journal& journal, journal::Committer& committer, Log& log, Options options,
           Scheduler::MaySend may_send, Dispatch dispatch, Wake wake, Time now)
    : journal_(journal),
      committer_(committer),
      log_(log),
      options_(options),
      dispatch_(std::move(dispatch)),
      wake_(std::move(wake)),
      scheduler_(options.limits, options.retry, std::move(may_send), millis(now)),
      trials_(options.suspects),
      clean_most_(cleaned_at_once),
      next_sweep_(now + sweep_every) {}

void Road::admitted(Admission admission) {
  {
    std::lock_guard lock(mutex_);
    inbox_.admissions.push_back(std::move(admission));
  }
  wake_();
}

void Road::reported(Report report) {
  {
    std::lock_guard lock(mutex_);
    inbox_.reports.push_back(std::move(report));
  }
  wake_();
}

void Road::push(Receipt receipt) {
  {
    std::lock_guard lock(mutex_);
    inbox_.receipts.push_back(std::move(receipt));
  }
  wake_();
}

void Road::push(Returned returned) {
  {
    std::lock_guard lock(mutex_);
    inbox_.returned.push_back(std::move(returned));
  }
  wake_();
}

Road::Inbox Road::take_inbox() {
  std::lock_guard lock(mutex_);
  return std::exchange(inbox_, {});
}

void Road::restored(const journal::Recovered& recovered, Time now) {
  auto all = queue_.restored(options_.node);
  release(std::move(all.orphans));
  judge_suspects();
  for (auto* recipient : all.waiting) {
    if (recipient->standing == Standing::held) {
      hold(*recipient);
      continue;
    }
    line_up(*recipient, now);
  }
  for (auto* recipient : all.uncertain) wait_out(*recipient, now);
  flush();
  log_.info("road_restored", {{"recipients", queue_.recipients()},
                              {"messages", queue_.messages()},
                              {"uncertain", all.uncertain.size()},
                              {"taken_over", recovered.taken_over}});
}

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

void Road::judge_suspects() {
  auto* suspects = options_.suspects;
  if (!suspects) return;
  const auto judged = suspects->judge(queue_);
  if (!judged.ok()) log_.alarm("suspects_not_noted", {{"why", judged.error().detail}});
  queue_.each_message([&](const Message& message) {
    std::size_t held = 0;
    for (auto* recipient = message.recipients; recipient; recipient = recipient->sibling) {
      const auto verdict = suspects->of(recipient->id());
      // What could not be noted must not be tried: it might kill us without being counted, again and again.
      const bool hold =
          verdict == Suspects::Verdict::held || (verdict == Suspects::Verdict::suspected && !judged.ok());
      if (!hold || recipient->standing == Standing::held) continue;
      recipient->standing = Standing::held;
      recipient->reason = Reason::suspected;
      ++counts_.suspected;
      ++held;
    }
    if (held > 0)
      log_.alarm("recipient_held", {{"message", to_string(message.id)},
                                    {"recipients", held},
                                    {"why", "suspected: the process died over it, twice"}});
  });
}

// It waits for its turn, or for its trial.
void Road::line_up(Recipient& recipient, Time now) {
  recipient.standing = Standing::waiting;
  if (options_.suspects && options_.suspects->of(recipient.id()) == Suspects::Verdict::suspected)
    trials_.add(recipient);
  else
    scheduler_.add(recipient, millis(now));
}

void Road::hold(Recipient& recipient) {
  recipient.standing = Standing::held;
  held_.push_back(&recipient);
  ++counts_.held;
}

void Road::let_go(Recipient& recipient) {
  std::erase(held_, &recipient);
  --counts_.held;
  if (std::exchange(recipient.reason, Reason::none) == Reason::suspected) --counts_.suspected;
}

Time Road::step(Time now) {
  auto inbox = take_inbox();
  for (auto& receipt : inbox.receipts) settled(receipt, now);
  for (const auto& admission : inbox.admissions)
    queue_.admit(admission, [&](Recipient& recipient) { scheduler_.add(recipient, millis(now)); });
  for (const auto& report : inbox.reports) take_in(report, now);
  for (auto& returned : inbox.returned) {
    end_recall(returned.found, now);
    if (returned.found.ok()) continue;
    log_.warning("parked_not_recalled",
                 {{"messages", returned.what.hashes.size()}, {"why", returned.found.error().detail}});
    unreturned_.push_back(std::move(returned.what));
  }
  if (auto due = queue_.parking().due(millis(now)); !due.hashes.empty()) bring_back(std::move(due));
  if (now >= next_sweep_) sweep(now);
  flush();
  auto next = std::min(next_sweep_, from_millis(queue_.parking().next_ms()));
  if (picking_ && !committer_.stopped()) next = std::min(next, pick(now));
  counts_.waiting.store(static_cast<std::int64_t>(scheduler_.waiting() + trials_.waiting()),
                        std::memory_order_relaxed);
  counts_.parked.store(static_cast<std::int64_t>(queue_.parking().recipients()), std::memory_order_relaxed);
  counts_.out.store(static_cast<std::int64_t>(scheduler_.out()), std::memory_order_relaxed);
  return next;
}

// Hands out what may go now; when to look again.
Time Road::pick(Time now) {
  if (auto trial = trials_.next(scheduler_, now)) {
    std::vector<Assignment> alone;
    alone.push_back(std::move(*trial));
    dispatch_(std::move(alone));
  }
  if (trials_.alone(now)) return trials_.until();
  auto next = trials_.waiting() > 0 ? now + look_again : Time::max();
  auto picked = scheduler_.pick(millis(now));
  std::visit(
      overloaded{[&](Scheduler::Due& due) {
                   dispatch_(std::move(due.assignments));
                   next = now;
                 },
                 [&](const Scheduler::Wait& wait) { next = std::min(next, from_millis(wait.until_ms)); },
                 [](const Scheduler::Idle&) {}},
      picked);
  return next;
}

void Road::take_in(const Report& report, Time now) {
  if (auto home = trials_.home(report); !home.ok())
    log_.warning("suspect_not_cleared", {{"why", home.error().detail}});
  const bool moved = report.missing && has_moved(report.assignment);
  if (report.stale || report.missing || report.damaged) {
    scheduler_.returned(report.assignment, Scheduler::Went::well, millis(now));
    return report.stale || moved ? again(report, now) : hold(report);
  }
  bool slow = false;
  for (const auto& result : report.results)
    if (const auto outcome = classify(result); const auto* later = std::get_if<TryLater>(&outcome))
      slow = slow || later->slow_down || result.fate != Fate::answered;
  scheduler_.returned(report.assignment,
                      report.site_failed ? Scheduler::Went::site_failed
                      : slow             ? Scheduler::Went::slow_down
                                         : Scheduler::Went::well,
                      millis(now));
  for (std::size_t i = 0; i < report.results.size(); ++i) settle(report, i, now);
}

// Whether the cleaner has copied a record of this assignment to another place since it was made.
bool Road::has_moved(const Assignment& assignment) const {
  for (const auto& to : assignment.to) {
    const auto& message = *to.handle->message;
    const auto* variant = message.variant_of(to.n);
    if (to.handle->queued != to.queued || message.accepted != assignment.accepted ||
        (variant && variant->sequence != assignment.variant))
      return true;
  }
  return false;
}

void Road::again(const Report& report, Time now) {
  for (std::size_t i = 0; i < report.results.size(); ++i) {
    auto& recipient = *report.assignment.to[i].handle;
    if (report.results[i].intent) queue_.intent(recipient, report.results[i].intent);
    recipient.due_ms = millis(now);
    line_up(recipient, now);
  }
}

void Road::hold(const Report& report) {
  for (const auto& to : report.assignment.to) {
    hold(*to.handle);
    to.handle->reason = Reason::damaged;
  }
  log_.alarm("recipient_held", {{"message", to_string(report.assignment.message)},
                                {"recipients", report.assignment.to.size()},
                                {"why", report.results.front().text}});
}

Road::Settlement& Road::open() {
  if (open_ && open_->ended.size() + open_->put_off.size() >= settlement_most) flush();
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

namespace {

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

void Road::end(Recipient& recipient, const Report::One& result, EventKind kind, Refusal refusal,
               const Report& report, Time now) {
  auto& settlement = open();
  auto event = event_of(recipient, result, kind, report, now);
  event.refusal = refusal;
  settlement.group.events.push_back(records::encode(event));
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
  if (millis(now) >= expires) return expire(recipient, result.email, result.text, now);
  auto& settlement = open();
  settlement.group.events.push_back(
      records::encode(event_of(recipient, result, EventKind::deferred, report, now)));
  if (result.fate == Fate::unknown) recipient.in_doubt = true;
  recipient.due_ms = std::min(expires, millis(now + options_.retry.gap(recipient.attempt, recipient.id())));
  move(recipient);
  ++counts_.deferred;
}

void Road::expire(Recipient& recipient, std::string email, const std::string& last, Time now) {
  Report::One result;
  result.email = email.empty() ? email_of(recipient) : std::move(email);
  result.status = "5.4.7";  // delivery time expired
  result.text =
      "expired after " +
      std::to_string(std::chrono::duration_cast<std::chrono::hours>(options_.retry.max_age).count()) + " h" +
      (last.empty() ? "" : "; last: " + last);
  end(recipient, result, EventKind::bounce, Refusal::blocked, Report{}, now);
}

// A hold does not stop the clock.
void Road::expire_held(Time now) {
  const auto max_age = options_.retry.max_age.count();
  std::vector<Recipient*> over;
  for (auto* recipient : held_) {
    const auto& message = *recipient->message;
    // How old a message is whose accepted record is lost nobody knows; it was there when this was due.
    const auto expires =
        message.accepted ? message.expires_ms(recipient->n, max_age) : recipient->due_ms + max_age;
    if (recipient->standing == Standing::held && expires <= millis(now)) over.push_back(recipient);
  }
  for (auto* recipient : over) {
    let_go(*recipient);
    expire(*recipient, {}, {}, now);
  }
}

std::string Road::email_of(const Recipient& recipient) const {
  const auto bytes = journal_.read({&recipient.queued, 1});
  if (!bytes.ok()) return {};
  auto queued = records::decode_queued(bytes->front());
  return queued.ok() ? std::move(queued->email) : std::string();
}

void Road::sweep(Time now) {
  next_sweep_ = now + sweep_every;
  for (auto* recipient : scheduler_.expired(millis(now))) expire(*recipient, {}, {}, now);
  for (auto* recipient : trials_.expired(millis(now), options_.retry.max_age.count()))
    expire(*recipient, {}, {}, now);
  expire_held(now);
  for (auto& settlement : std::exchange(refused_, {})) submit(std::move(settlement));
  for (auto& what : std::exchange(unreturned_, {})) bring_back(std::move(what));
  clean();
  park(now);
}

void Road::park(Time now) {
  if (!options_.background || !picking_) return;
  const auto now_ms = millis(now);
  const auto recallable = journal_.recallable();
  struct Seen {
    bool parkable = false;
    std::uint32_t taken = 0;
  };
  std::unordered_map<const Message*, Seen> messages;
  const auto taken = scheduler_.take_later(now_ms + Parking::hour_ms, [&](const Recipient& recipient) {
    const auto [seen, fresh] = messages.try_emplace(recipient.message);
    if (fresh) seen->second.parkable = queue_.parkable(*recipient.message, recallable, now_ms);
    return seen->second.parkable;
  });
  for (const auto* recipient : taken) ++messages[recipient->message].taken;
  std::vector<Message*> whole;
  for (auto* recipient : taken) {
    auto& seen = messages[recipient->message];
    if (seen.taken < recipient->message->here)
      scheduler_.add(*recipient, now_ms);  // another of them hangs elsewhere, in line for a trial
    else if (std::exchange(seen.parkable, false))
      whole.push_back(recipient->message);
  }
  for (auto* message : whole) queue_.park(*message);
  if (!unreturned_.empty()) return;
  if (const auto missing = queue_.parking().missing(); missing > 0)
    log_.alarm("parked_missing", {{"recipients", missing}});
}

void Road::bring_back(Recall what) {
  queue_.parking().begin();
  auto shared = std::make_shared<Recall>(std::move(what));
  const bool taken = options_.background([this, shared] {
    auto found = recall(journal_, *shared);
    push(Returned{std::move(*shared), std::move(found)});
  });
  if (!taken) push(Returned{std::move(*shared), Error{Code::exhausted, "no thread is free for it"}});
}

Recall Road::begin_recall(std::optional<RecipientId> which) {
  Recall what;
  if (!which)
    what = queue_.parking().everybody();
  else if (queue_.parking().recipients() > 0 && !queue_.find(which->message))
    what.add(which->message);
  if (!what.hashes.empty()) queue_.parking().begin();
  return what;
}

void Road::end_recall(const Result<Recalled>& found, Time now) {
  if (found.ok()) {
    auto back = queue_.take_back(*found);
    release(std::move(back.orphans));
    for (auto* recipient : back.waiting) {
      if (recipient->standing == Standing::held)
        hold(*recipient);
      else
        line_up(*recipient, now);
    }
  }
  queue_.parking().end();
}

void Road::flush() {
  if (open_) submit(std::exchange(open_, nullptr));
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
      refused_.push_back(std::move(receipt.settlement));
    } else if (!committer_.stopped()) {
      log_.alarm("settlement_lost", {{"why", receipt.result.error().detail}});
    }
    return;
  }
  auto place = receipt.result->first.value + settlement.group.entries.size();
  for (auto* recipient : settlement.put_off) {
    recipient->queued = journal::Sequence{place++};
    scheduler_.add(*recipient, millis(now));
  }
  for (auto* recipient : settlement.ended) queue_.gone(*recipient);
}

void Road::release(std::vector<journal::Sequence> sequences) {
  if (sequences.empty()) return;
  journal::Group group;
  group.releases = std::move(sequences);
  committer_.submit(std::move(group), [](Result<journal::Receipt>) {});
}

void Road::clean() {
  auto cleaning = std::make_shared<Cleaning>();
  journal::Group group;
  Recall absent;
  for (const auto& record : journal_.worth_moving(clean_most_)) {
    if (!queue_.find(MessageId{record.label.owner})) absent.add(MessageId{record.label.owner});
    const auto what = queue_.movable(record);
    if (!what.recipient && !what.message) continue;
    if (what.message) ++what.message->copying;
    group.moves.push_back({record.sequence, record.label});
    if (what.recipient && !PR_MUTANT(7)) what.recipient->standing = Standing::settling;
    cleaning->moved.push_back({MessageId{record.label.owner},
                               what.recipient ? std::optional(what.recipient->n) : std::nullopt,
                               record.sequence});
  }
  // Who is parked stands in the way too: back in memory it is copied next time.
  if (queue_.parking().recipients() > 0 && !absent.hashes.empty()) bring_back(std::move(absent));
  if (group.moves.empty()) return;
  committer_.submit(std::move(group),
                    [this, cleaning = std::move(cleaning)](Result<journal::Receipt> result) mutable {
                      push({nullptr, std::move(cleaning), std::move(result)});
                    });
}

void Road::cleaned(Cleaning& cleaning, const Result<journal::Receipt>& result) {
  // Records differ in size a thousandfold: a group that fits nowhere is tried with half as many.
  if (!result.ok() && result.error().code == Code::invalid)
    clean_most_ = std::max<std::size_t>(1, cleaning.moved.size() / 2);
  else
    clean_most_ = std::min(clean_most_ * 2, cleaned_at_once);
  std::vector<journal::Sequence> left_behind;
  for (std::size_t i = 0; i < cleaning.moved.size(); ++i) {
    const auto& moved = cleaning.moved[i];
    auto* message = queue_.find(moved.message);
    auto* recipient = moved.n ? queue_.find(RecipientId{moved.message, *moved.n}) : nullptr;
    if (recipient && recipient->standing == Standing::settling)
      recipient->standing = recipient->reason == Reason::none ? Standing::waiting : Standing::held;
    if (message && !moved.n) --message->copying;
    if (!result.ok()) continue;
    const journal::Sequence to{result->first.value + i};
    // Whoever ended while its record was being copied released the old place: the copy is nobody's.
    const bool wanted = message && message->here > 0 && (!moved.n || recipient);
    if (wanted)
      queue_.moved({recipient, moved.n ? nullptr : message}, moved.from, to);
    else if (!PR_MUTANT(7))
      left_behind.push_back(to);
  }
  release(std::move(left_behind));
}

}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#include "flow/road/road.h"

#include <algorithm>
#include <utility>

#include "base/overloaded.h"
#include "flow/outcome/outcome.h"

namespace postrider {
namespace {

constexpr std::chrono::milliseconds look_again = std::chrono::seconds(1);  // at those who may not go now

// What a report says about its destination, whatever it says about the messages.
Scheduler::Went how_it_went(const Report& report) {
  if (report.site_failed) return Scheduler::Went::site_failed;
  bool tried = false;
  for (const auto& result : report.results) {
    if (result.fate == Fate::local) continue;
    tried = true;
    const auto outcome = classify(result);
    const auto* later = std::get_if<TryLater>(&outcome);
    if (later && (later->slow_down || result.fate != Fate::answered)) return Scheduler::Went::slow_down;
  }
  return tried ? Scheduler::Went::well : Scheduler::Went::untried;
}

}  // namespace

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
    if (recipient->standing == Standing::held)
      hold(*recipient);
    else
      line_up(*recipient, now);
  }
  for (auto* recipient : all.uncertain) {
    if (recipient->standing == Standing::held)
      hold(*recipient);  // which is longer than the wait, and an operator ends it
    else
      wait_out(*recipient, now);
  }
  flush();
  log_.info("road_restored", {{"recipients", queue_.recipients()},
                              {"messages", queue_.messages()},
                              {"uncertain", all.uncertain.size()},
                              {"taken_over", recovered.taken_over}});
  publish_counts();
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

// Whoever of them is held is so no more, and all of them stand at picked, in whatever line they are. A
// million at once walk the held once.
void Road::let_go(std::span<Recipient* const> recipients) {
  for (auto* recipient : recipients) {
    if (std::exchange(recipient->standing, Standing::picked) != Standing::held) continue;
    --counts_.held;
    if (std::exchange(recipient->reason, Reason::none) == Reason::suspected) --counts_.suspected;
  }
  std::erase_if(held_, [](const Recipient* recipient) { return recipient->standing == Standing::picked; });
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
    log_.alarm("parked_not_recalled",
               {{"messages", returned.what.hashes.size()}, {"why", returned.found.error().detail}});
    unreturned_.push_back(std::move(returned.what));
  }
  if (auto due = queue_.parking().due(millis(now)); !due.hashes.empty()) bring_back(std::move(due));
  if (now >= next_sweep_) sweep(now);
  end_some(now);
  // Until they are durable a crash would have their mail sent again.
  if (!refused_.empty() && now >= next_offer_)
    for (auto& settlement : std::exchange(refused_, {})) submit(std::move(settlement));
  flush();
  auto next = std::min(next_sweep_, from_millis(queue_.parking().next_ms()));
  if (!refused_.empty()) next = std::min(next, next_offer_);
  if (!ending_.empty()) next = now;
  if (picking_ && !committer_.stopped()) next = std::min(next, pick(now));
  publish_counts();
  return next;
}

void Road::publish_counts() {
  counts_.waiting.store(static_cast<std::int64_t>(scheduler_.waiting() + trials_.waiting()),
                        std::memory_order_relaxed);
  counts_.parked.store(static_cast<std::int64_t>(queue_.parking().recipients()), std::memory_order_relaxed);
  counts_.out.store(static_cast<std::int64_t>(scheduler_.out()), std::memory_order_relaxed);
  counts_.unreturned.store(static_cast<std::int64_t>(unreturned_.size()), std::memory_order_relaxed);
  counts_.ending.store(static_cast<std::int64_t>(ending_.size()), std::memory_order_relaxed);
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
  const bool unread = std::ranges::any_of(
      report.results, [](Reading content) { return content != Reading::whole; }, &Report::One::content);
  if (report.stale || unread) {
    scheduler_.returned(report.assignment, Scheduler::Went::untried, millis(now));
    return again(report, now);
  }
  scheduler_.returned(report.assignment, how_it_went(report), millis(now));
  for (std::size_t i = 0; i < report.results.size(); ++i) settle(report, i, now);
}

// Whether the cleaner has copied one of the records of this recipient to another place since the assignment
// was made, or is about to tell us so: the copy is durable, and the old place unreadable, a moment before we
// hear of it.
bool Road::has_moved(const Assignment& assignment, const Assignment::To& to) {
  const auto& message = *to.handle->message;
  const auto* variant = message.variant_of(to.n);
  return message.copying > 0 || to.handle->queued != to.queued || message.accepted != assignment.accepted ||
         (variant && variant->sequence != assignment.variant);
}

// Whose content is damaged or gone is held. Those who only shared the transaction with him wait for the next.
// Every recipient counts; the log hears of it once a minute.
void Road::say_untried(const Report& report, Time now) {
  counts_.untried += report.results.size();
  if (now < next_untried_alarm_) return;
  next_untried_alarm_ = now + sweep_every;
  log_.alarm("cannot_connect_from_here", {{"why", report.results.front().text}});
}

void Road::again(const Report& report, Time now) {
  if (report.pause > std::chrono::milliseconds::zero()) say_untried(report, now);
  std::size_t held = 0;
  std::string_view why;
  for (std::size_t i = 0; i < report.results.size(); ++i) {
    const auto& result = report.results[i];
    const auto& to = report.assignment.to[i];
    auto& recipient = *to.handle;
    if (result.intent) queue_.intent(recipient, result.intent);
    const bool moved = result.content == Reading::missing && has_moved(report.assignment, to);
    if (result.content == Reading::whole || moved) {
      recipient.due_ms = millis(now + report.pause);
      line_up(recipient, now);
      continue;
    }
    hold(recipient);
    recipient.reason = Reason::damaged;
    if (held++ == 0) why = result.text;
  }
  if (held == 0) return;
  log_.alarm("recipient_held",
             {{"message", to_string(report.assignment.message)}, {"recipients", held}, {"why", why}});
}

}  // namespace postrider

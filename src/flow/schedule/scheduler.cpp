// SPDX-License-Identifier: Apache-2.0
#include "flow/schedule/scheduler.h"

#include <algorithm>
#include <utility>

#include "base/crash_point.h"

namespace postrider {

Destination& Scheduler::destination(std::uint32_t lane) {
  while (destinations_.size() <= lane) {
    destinations_.push_back(std::make_unique<Destination>());
    destinations_.back()->window = limits_.window_start;
  }
  return *destinations_[lane];
}

void Scheduler::join(Recipient& recipient) {
  auto& site = destination(recipient.lane);
  site.join(recipient);
  ++in_line_;
  if (std::exchange(site.active, true)) return;
  active_.push_back(recipient.lane);
}

void Scheduler::add(Recipient& recipient, std::int64_t now_ms) {
  recipient.standing = Standing::waiting;
  if (recipient.due_ms <= now_ms)
    join(recipient);
  else
    wheel_.add(recipient);
}

bool Scheduler::may_take(const Destination& site) const {
  if (!site.quiet) return site.out < site.window;
  return site.out < std::min(site.window, limits_.window_start) && out_quiet_ < limits_.quiet_most;
}

void Scheduler::leaves(std::uint32_t lane, Destination& site, std::int64_t now_ms) {
  if (site.out++ == 0) site.heard_ms = now_ms;
  ++out_with(site);
  watch(lane, site);
}

void Scheduler::comes_back(std::uint32_t lane, Destination& site, Went went, std::int64_t now_ms) {
  --site.out;
  --out_with(site);
  if (went == Went::untried && site.out > 0) return;  // what the others hear is still to come
  site.heard_ms = now_ms;
  if (!site.quiet) return;
  out_quiet_ -= site.out;
  out_ += site.out;
  site.quiet = false;
  if (site.out > 0) watch(lane, site);
}

void Scheduler::watch(std::uint32_t lane, Destination& site) {
  if (site.quiet || std::exchange(site.watched, true)) return;
  watched_.push_back({lane, site.heard_ms});
}

// Looks again at the sites that it has been long enough for.
void Scheduler::notice_quiet(std::int64_t now_ms) {
  const auto silent_since = now_ms - limits_.quiet_after.count();
  for (auto left = watched_.size(); left > 0 && watched_.front().heard_ms <= silent_since; --left) {
    const auto lane = watched_.front().lane;
    watched_.pop_front();
    auto& site = *destinations_[lane];
    site.watched = false;
    if (site.out == 0) continue;
    if (site.heard_ms > silent_since || out_quiet_ + site.out > limits_.quiet_most) {
      watch(lane, site);
      continue;
    }
    site.quiet = true;
    out_ -= site.out;
    out_quiet_ += site.out;
  }
}

Scheduler::Pick Scheduler::pick(std::int64_t now_ms) {
  wheel_.advance(now_ms, [this](Recipient& recipient) { join(recipient); });
  notice_quiet(now_ms);
  Due due;
  std::int64_t next_ms = wheel_.next_ms();
  std::vector<Recipient*> taken;
  // Rounds: one assignment per destination and round, so that no site waits for another's whole line.
  for (bool more = true; more && out_ < limits_.out_most;) {
    more = false;
    for (std::size_t i = 0; i < active_.size() && out_ < limits_.out_most;) {
      const auto lane = active_[i];
      auto& site = *destinations_[lane];
      if (site.waiting() == 0) {
        site.active = false;
        active_[i] = active_.back();
        active_.pop_back();
        continue;
      }
      ++i;
      if (site.not_before_ms > now_ms) {
        next_ms = std::min(next_ms, site.not_before_ms);
        continue;
      }
      if (!may_take(site)) continue;
      taken.clear();
      site.take(limits_.recipients_most, may_send_, taken);
      if (taken.empty()) continue;
      in_line_ -= taken.size();
      leaves(lane, site, now_ms);
      more = true;
      due.assignments.push_back(assign(lane, taken));
    }
  }
  if (!due.assignments.empty()) return due;
  // Somebody in line who may not go yet: a full window comes back by itself, a pause ends without telling us.
  if (in_line_ > 0) next_ms = std::min(next_ms, now_ms + 1000);
  if (next_ms == INT64_MAX) return Idle{};
  return Wait{next_ms};
}

std::optional<Assignment> Scheduler::pick_alone(Recipient& recipient, std::int64_t now_ms) {
  auto& site = destination(recipient.lane);
  if (recipient.standing != Standing::waiting || recipient.due_ms > now_ms || site.not_before_ms > now_ms ||
      !may_send_(recipient.message->tenant))
    return std::nullopt;
  leaves(recipient.lane, site, now_ms);
  return assign(recipient.lane, {&recipient});
}

Assignment Scheduler::assign(std::uint32_t lane, const std::vector<Recipient*>& taken) const {
  const auto& message = *taken.front()->message;
  Assignment assignment;
  assignment.message = message.id;
  assignment.tenant = message.tenant;
  assignment.accepted = message.accepted;
  if (const auto* variant = message.variant_of(taken.front()->n)) {
    assignment.variant = variant->sequence;
    assignment.first = variant->first;
    assignment.index = variant->index;
  }
  assignment.lane = lane;
  assignment.to.reserve(taken.size());
  for (auto* recipient : taken) {
    recipient->standing = Standing::picked;
    assignment.to.push_back(
        {recipient, recipient->n, recipient->queued, static_cast<std::uint16_t>(recipient->attempt + 1)});
  }
  return assignment;
}

void Scheduler::returned(const Assignment& assignment, Went went, std::int64_t now_ms) {
  auto& site = destination(assignment.lane);
  comes_back(assignment.lane, site, went, now_ms);
  switch (went) {
    case Went::well:
      site.failures = 0;
      site.window = std::min(site.window + 1, limits_.window_most);
      break;
    case Went::untried:
      break;
    case Went::slow_down:
      site.window = std::max(site.window / 2, 1u);
      break;
    case Went::site_failed:
      // Those that were out together fail together: one pause for them all, not one each.
      if (site.not_before_ms > now_ms) break;
      ++site.failures;
      site.window = 1;
      site.not_before_ms = now_ms + site_pause(site.failures).count();
      break;
  }
}

void Scheduler::remove_if(const Chosen& chosen) {
  wheel_.remove_if(chosen);
  std::vector<Recipient*> out;
  for (const auto lane : active_) destinations_[lane]->sweep(chosen, out);
  in_line_ -= out.size();
}

std::vector<Recipient*> Scheduler::expired(std::int64_t now_ms) {
  std::vector<Recipient*> out;
  const auto over = [&](const Recipient& recipient) {
    if (recipient.standing != Standing::waiting) return false;  // its record is being copied just now
    if (PR_MUTANT(13) && !may_send_(recipient.message->tenant))
      return false;  // planted: a pause stops the clock
    return recipient.message->expires_ms(recipient.n, retry_.max_age.count()) <= now_ms;
  };
  for (const auto lane : active_) {
    auto& site = *destinations_[lane];
    const auto before = site.waiting();
    site.sweep(over, out);
    in_line_ -= before - site.waiting();
  }
  return out;
}

}  // namespace postrider

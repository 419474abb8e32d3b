// SPDX-License-Identifier: Apache-2.0
#include "testing/reference_journal.h"

#include <algorithm>

namespace postrider::testing {

using namespace journal;

namespace {

const Error fenced{Code::fenced, "another epoch owns the stream"};

}  // namespace

Result<void> ReferenceJournal::reach() const {
  if (!database_.reachable(options_.node)) return Error{Code::unavailable, "cannot reach the database"};
  if (database_.happens(database_.faults_.unavailable))
    return Error{Code::unavailable, "the statement failed"};
  return {};
}

bool ReferenceJournal::may_take() {
  const auto& found = stream();
  if (found.epoch == 0 || found.holder == options_.node) return true;
  const auto now = clock_.monotonic();
  if (!watch_ || watch_->renewals != found.renewals || watch_->timeline != database_.timeline_) {
    watch_ = Watch{found.renewals, database_.timeline_, now};
  }
  return now - watch_->since >= options_.ttl;
}

void ReferenceJournal::renew(Instant asked) {
  ++stream().renewals;
  lease_.valid_until = asked + options_.ttl;
}

Result<Recovered> ReferenceJournal::recover(const Live& live) {
  if (auto reached = reach(); !reached.ok()) {
    watch_.reset();
    return std::move(reached).error();
  }
  if (!may_take()) return fenced;
  auto& mine = stream();
  Recovered recovered;
  recovered.taken_over = mine.epoch != 0 && mine.holder != options_.node;
  recovered.epoch = ++mine.epoch;
  mine.holder = options_.node;
  mine.last_number.reset();
  for (const auto& [name, bytes] : mine.staged) mine.used -= bytes.size();
  mine.staged.clear();
  lease_.epoch = mine.epoch;
  renew(clock_.monotonic());
  for (std::size_t i = 0; i < mine.spool.size(); ++i) {
    if (!mine.spool[i].live) continue;
    ++recovered.live;
    live(Sequence{mine.spool_first + i}, mine.spool[i].label);
  }
  return recovered;
}

Result<std::vector<Receipt>> ReferenceJournal::commit(std::uint64_t number, std::span<const Group> groups) {
  const auto asked = clock_.monotonic();
  PR_TRY(reach());
  if (!owns()) return fenced;
  const auto too_large = [](const std::string& event) { return event.size() > event_limit; };
  for (const auto& group : groups)
    if (std::ranges::any_of(group.events, too_large)) return Error{Code::invalid, "an event is too large"};
  auto& mine = stream();
  const bool intake =
      std::ranges::any_of(groups, [](const Group& group) { return group.purpose == Purpose::intake; });
  if (intake && mine.used > watermark()) return Error{Code::exhausted, "above the watermark"};
  const auto broken = database_.breaks();
  if (broken.value_or(true)) {
    mine.last_receipts = database_.store(mine, groups, clock_.wall());
    mine.last_number = number;
    ++counters_.batches;
    ++counters_.syncs;
    counters_.groups += groups.size();
    for (const auto& group : groups) counters_.bytes_written += group.bytes();
  } else {
    database_.burn(mine);  // what the lost transaction had drawn
  }
  if (broken) return Error{Code::ambiguous, "the connection broke in COMMIT"};
  renew(asked);
  return mine.last_receipts;
}

Result<std::optional<std::vector<Receipt>>> ReferenceJournal::landed(std::uint64_t number) {
  PR_TRY(reach());
  if (!database_.answers_about_landing())
    return Error{Code::unavailable, "no answer about the broken commit"};
  if (!owns()) return fenced;
  const auto& mine = stream();
  if (mine.last_number != number) return std::optional<std::vector<Receipt>>();
  return std::optional(mine.last_receipts);
}

Result<Blob> ReferenceJournal::stage(std::string_view bytes) {
  PR_TRY(reach());
  if (!owns()) return fenced;
  auto& mine = stream();
  if (mine.used + bytes.size() > watermark()) return Error{Code::exhausted, "above the watermark"};
  Blob blob;
  random_.fill(blob.name);
  blob.size = bytes.size();
  mine.staged.emplace(blob.name, bytes);
  mine.used += bytes.size();
  return blob;
}

void ReferenceJournal::unstage(const Blob& blob) {
  if (!reach().ok() || !owns()) return;
  auto& mine = stream();
  const auto found = mine.staged.find(blob.name);
  if (found == mine.staged.end()) return;
  mine.used -= found->second.size();
  mine.staged.erase(found);
}

Result<std::vector<std::string>> ReferenceJournal::read(std::span<const Sequence> sequences) const {
  PR_TRY(reach());
  std::vector<std::string> found;
  found.reserve(sequences.size());
  for (const auto sequence : sequences) {
    const auto* record = stream().find(sequence);
    if (!record || !record->live) return Error{Code::not_found, "released"};
    if (record->rotten) return Error{Code::corrupt, "quarantined"};
    found.push_back(record->bytes);
  }
  return found;
}

std::optional<Claim> ReferenceJournal::claim(std::uint64_t tenant, std::string_view key) const {
  const auto& claims = stream().claims;
  const auto found = claims.find(std::pair(tenant, std::string(key)));
  if (found == claims.end() || found->second.expires <= clock_.wall()) return std::nullopt;
  return found->second;
}

bool ReferenceJournal::may_claim(std::uint64_t) const {
  return stream().claims.size() < options_.claims;
}

Result<EventPage> ReferenceJournal::read_events(Cursor after, std::size_t max) const {
  PR_TRY(reach());
  const auto& mine = stream();
  if (after != Cursor{} && after.incarnation != mine.incarnation) {
    return Error{Code::not_found, "a cursor of another life of this log"};
  }
  if (after.sequence >= mine.events_end()) return Error{Code::invalid, "a cursor ahead of this log"};
  auto next = std::max(after.sequence + 1, mine.events_first);
  EventPage page;
  for (; next < mine.events_end() && page.events.size() < max; ++next) {
    const auto& event = mine.events[next - mine.events_first];
    if (event.state == ReferenceDatabase::Event::State::unseen) break;
    if (event.state == ReferenceDatabase::Event::State::seen) page.events.push_back({next, event.bytes});
  }
  page.next = {mine.incarnation, next - 1};
  return page;
}

Cursor ReferenceJournal::events_tail() const {
  return {stream().incarnation, stream().events_end() - 1};
}

Space ReferenceJournal::space() const {
  const auto used = stream().used;
  return {used, options_.limit, used > watermark()};
}

Counters ReferenceJournal::counters() const {
  auto counters = counters_;
  counters.live = stream().live;
  counters.claims = stream().claims.size();
  return counters;
}

Result<bool> ReferenceJournal::maintain(Time now, Time events_before) {
  const auto asked = clock_.monotonic();
  PR_TRY(reach());
  if (!owns()) return fenced;
  auto& mine = stream();
  renew(asked);
  if (!database_.hide_events_) database_.show_events();
  while (!mine.spool.empty() && !mine.spool.front().live) {
    mine.spool.pop_front();
    ++mine.spool_first;
  }
  while (!mine.events.empty() && mine.events.front().committed < events_before) {
    mine.used -= mine.events.front().bytes.size();
    mine.events.pop_front();
    ++mine.events_first;
  }
  std::erase_if(mine.claims, [&](const auto& claim) { return claim.second.expires <= now; });
  return false;
}

std::vector<Journal::LiveRecord> ReferenceJournal::worth_moving(std::size_t) const {
  return {};
}

Result<void> ReferenceJournal::recall(const Wanted& wanted, const Live& live) const {
  PR_TRY(reach());
  const auto& mine = stream();
  for (std::size_t i = 0; i < mine.spool.size(); ++i) {
    const auto& record = mine.spool[i];
    if (record.live && wanted(record.label)) live(Sequence{mine.spool_first + i}, record.label);
  }
  return {};
}

Sequence ReferenceJournal::recallable() const {
  return {stream().spool_first + stream().spool.size()};
}

}  // namespace postrider::testing

// SPDX-License-Identifier: Apache-2.0
#include "journal/local/local_journal.h"

#include <algorithm>

#include "base/crash_point.h"
#include "journal/local/recovery.h"
#include "journal/local/released_file.h"

namespace postrider::journal::local {
namespace {

// More than this waiting to be carried over means that the event log cannot be written.
constexpr std::uint64_t waiting_limit = 16 << 20;
constexpr std::size_t claims_per_step = 4096;

Error not_open() {
  return {Code::unavailable, "the journal is not recovered"};
}
Error stopped() {
  return {Code::io, "a write or sync failed: nothing is accepted before a restart"};
}

}  // namespace

Result<Recovered> LocalJournal::recover(const Live& live) {
  Recovery recovery(ground_);
  engine_ = PR_TRY(recovery.run(live));
  auto recovered = std::move(recovery).report();
  quarantined_ = recovered.quarantined.size();
  refresh_space();
  while (engine_->events.waiting()) {
    auto carried = noted(engine_->events.carry(ground_.clock.wall()));
    if (carried.ok()) continue;
    if (carried.error().code != Code::exhausted) return std::move(carried).error();
    break;  // upkeep goes on with it when there is room
  }
  return recovered;
}

// Remembers that the disk failed: what is durable is unknown from then on.
template <class T>
Result<T> LocalJournal::noted(Result<T> result) {
  if (!result.ok() && (result.error().code == Code::io || result.error().code == Code::closed) &&
      !failed_.exchange(true)) {
    ground_.log.alarm("journal_failed", {{"why", result.error().detail}});
  }
  return result;
}

Result<void> LocalJournal::admit(std::span<const Group> groups) const {
  if (engine_->events.waiting_bytes() > waiting_limit)
    return Error{Code::exhausted, "the event log has no room"};
  std::uint64_t bytes = 0;
  bool intake = false;
  for (const auto& group : groups) {
    bytes += group.bytes();
    intake = intake || group.purpose == Purpose::intake;
  }
  if (intake && used() + bytes > limit_ / 100 * ground_.options.refuse_percent)
    return Error{Code::exhausted, "above the watermark"};
  return {};
}

Result<std::vector<Receipt>> LocalJournal::commit(std::uint64_t number, std::span<const Group> groups) {
  if (!engine_) return not_open();
  if (failed_) return stopped();
  if (number <= last_number_) return Error{Code::invalid, "the number of an earlier commit"};
  PR_TRY(admit(groups));
  PR_TRY(draft_.write(*engine_, groups));
  PR_TRY(noted(store(groups)));
  last_number_ = number;
  last_receipts_ = draft_.receipts();
  groups_ += groups.size();
  return last_receipts_;
}

Result<void> LocalJournal::store(std::span<const Group> groups) {
  const auto& content = draft_.content();
  if (content.empty()) return {};
  if (PR_MUTANT(4)) {  // planted: releases become durable before the batch that carries them
    for (auto sequence : draft_.releases()) {
      auto* use = engine_->spool.find(sequence);
      if (use && use->closed && use->release(sequence))
        PR_TRY(ReleasedFile::write(ground_.disk, *use, engine_->nonces));
    }
  }
  PR_TRY(engine_->spool.append(content, ground_.clock.wall()));
  draft_.publish(*engine_, groups);
  ++batches_;
  return {};
}

Result<std::optional<std::vector<Receipt>>> LocalJournal::landed(std::uint64_t number) {
  if (!engine_) return not_open();
  if (failed_) return Error{Code::unavailable, "unknown until a restart"};
  if (number < last_number_) return Error{Code::invalid, "the number of an earlier commit"};
  if (number > last_number_) return std::optional<std::vector<Receipt>>();
  return std::optional(last_receipts_);
}

Result<Blob> LocalJournal::stage(std::string_view bytes) {
  if (!engine_) return not_open();
  if (failed_) return stopped();
  if (bytes.empty()) return Error{Code::invalid, "nothing to stage"};
  if (used() + bytes.size() > limit_ / 100 * ground_.options.refuse_percent)
    return Error{Code::exhausted, "above the watermark"};
  return engine_->blobs.stage(bytes);
}

void LocalJournal::unstage(const Blob& blob) {
  if (engine_ && !failed_) engine_->blobs.unstage(blob);
}

Result<std::vector<std::string>> LocalJournal::read(std::span<const Sequence> sequences) const {
  if (!engine_) return not_open();
  return engine_->spool.read(sequences);
}

std::optional<Claim> LocalJournal::claim(std::uint64_t tenant, std::string_view key) const {
  if (!engine_) return std::nullopt;
  return engine_->claims.find(tenant, key, ground_.clock.wall());
}

bool LocalJournal::may_claim(std::uint64_t tenant) const {
  return engine_ && engine_->claims.has_room(tenant, claims_most_);
}

Result<EventPage> LocalJournal::read_events(Cursor after, std::size_t max) const {
  if (!engine_) return not_open();
  return engine_->events.read(after, max);
}

Cursor LocalJournal::events_tail() const {
  return engine_ ? engine_->events.tail() : Cursor{};
}

Lease LocalJournal::lease() const {
  if (!engine_) return {};
  return {engine_->identity.epoch, failed_ ? Instant::min() : Instant::max()};
}

// Of a use that is still written to only what is written counts, of a closed one the file.
std::uint64_t LocalJournal::used() const {
  std::uint64_t total = engine_->blobs.bytes();
  std::lock_guard lock(engine_->mutex);
  for (const auto* log : {&engine_->spool.segments(), &engine_->events.segments()}) {
    for (const auto& use : log->uses()) total += use->closed ? use->size : use->end;
  }
  return total;
}

void LocalJournal::refresh_space() {
  const auto& options = ground_.options;
  std::uint64_t limit = spool_limit_;
  if (const auto disk = ground_.disk.space(); disk.ok()) {
    const auto wanted = std::max(options.reserve_bytes, disk->total / 100 * options.reserve_percent);
    const auto reserve = std::min(wanted, disk->total / 8);
    // Our own idle files count like free room. So the reserve stays whole, whoever takes from the disk: files
    // made in advance, which is for the road's sake, do not open intake again.
    const auto free =
        disk->free + engine_->spool.segments().idle_bytes() + engine_->events.segments().idle_bytes();
    limit = std::min(limit, used() + (free > reserve ? free - reserve : 0));
  }
  limit_ = limit;
  free_segments_ = engine_->pool.free(LogKind::spool) + engine_->pool.free(LogKind::events);
}

Space LocalJournal::space() const {
  if (!engine_) return {};
  const auto now = used();
  return {now, limit_, now > limit_ / 100 * ground_.options.refuse_percent};
}

Counters LocalJournal::counters() const {
  Counters counters;
  counters.batches = batches_;
  counters.groups = groups_;
  counters.failed = failed_;
  if (!engine_) return counters;
  counters.bytes_written = engine_->meter.bytes;
  counters.syncs = engine_->meter.syncs;
  counters.sync_ns = engine_->meter.sync_ns;
  counters.claims = engine_->claims.size();
  counters.segments_free = free_segments_;
  std::lock_guard lock(engine_->mutex);
  counters.live = engine_->spool.live();
  counters.segments = engine_->spool.segments().uses().size() + engine_->events.segments().uses().size();
  counters.quarantined = quarantined_ + engine_->spool.quarantined();
  return counters;
}

Result<bool> LocalJournal::maintain(Time now, Time events_before) {
  if (!engine_) return not_open();
  if (failed_) return stopped();
  auto did = noted(upkeep(now, events_before));
  refresh_space();
  // No room is no failure: what was to be done is done when there is.
  if (!did.ok() && did.error().code == Code::exhausted) return false;
  return did;
}

// The first thing that is due. What others wait for comes first.
Result<bool> LocalJournal::upkeep(Time now, Time events_before) {
  auto& engine = *engine_;
  auto& spool = engine.spool.segments();
  const auto save = [&] { return engine.save_floors(); };
  if (engine.claims.expire(now, claims_per_step)) return true;
  if (PR_TRY(engine.events.end_day(now, events_before))) return true;
  if (engine.events.waiting()) {
    PR_TRY(engine.events.carry(now));
    return true;
  }
  if (engine.spool.wants_closing(now)) {
    PR_TRY(spool.close(now));
    return true;
  }
  const auto durable = engine.events.durable_next();
  if (PR_TRY(engine.spool.recycle(durable, save))) return true;
  if (PR_TRY(prepare())) return true;
  if (PR_TRY(spool.write_hint(ground_.disk))) return true;
  if (PR_TRY(engine.events.segments().write_hint(ground_.disk))) return true;
  if (PR_TRY(engine.spool.persist_released(durable))) return true;
  if (PR_TRY(engine.events.drop(now, events_before, save))) return true;
  return engine.blobs.remove_one();
}

// Opening a file of its own in the middle of a commit would keep everybody waiting.
Result<bool> LocalJournal::prepare() {
  auto& identity = engine_->identity;
  if (auto& spool = engine_->spool.segments(); spool.wants_preparing()) {
    PR_TRY(spool.prepare(identity.next_sequence, identity.next_item));
    return true;
  }
  if (auto& events = engine_->events.segments(); events.wants_preparing()) {
    PR_TRY(events.prepare(0, engine_->events.durable_next()));
    return true;
  }
  return false;
}

std::vector<Journal::LiveRecord> LocalJournal::worth_moving(std::size_t max) const {
  if (!engine_ || used() <= limit_ / 100 * ground_.options.clean_percent) return {};
  return engine_->spool.worth_moving(max);
}

Result<void> LocalJournal::recall(const Wanted& wanted, const Live& live) const {
  if (!engine_) return not_open();
  auto told = engine_->spool.recall(wanted, live);
  if (!told.ok()) return Error{Code::unavailable, std::move(told).error().detail};
  return {};
}

Sequence LocalJournal::recallable() const {
  return {engine_ ? engine_->spool.recallable() : 0};
}

Result<void> LocalJournal::close() {
  if (!engine_) return not_open();
  if (failed_) return stopped();
  const auto now = ground_.clock.wall();
  const auto all = [&]() -> Result<void> {
    while (engine_->events.waiting()) PR_TRY(engine_->events.carry(now));
    for (auto* log : {&engine_->spool.segments(), &engine_->events.segments()}) {
      PR_TRY(log->close(now));
      while (PR_TRY(log->write_hint(ground_.disk))) {
      }
    }
    return {};
  };
  return noted(all());
}

}  // namespace postrider::journal::local

// SPDX-License-Identifier: Apache-2.0
#include "journal/local/spool.h"

#include <algorithm>
#include <iterator>

#include "base/crash_point.h"
#include "journal/local/frame_source.h"
#include "journal/local/released_file.h"

namespace postrider::journal::local {
namespace {

constexpr int read_tries = 3;

}  // namespace

Result<void> Spool::append(const BatchBuilder& content, Time time) {
  const auto batch = PR_TRY(segments_.append(content, time));
  auto& use = *segments_.open();
  if (!use.hint) use.hint = std::make_unique<HintBuilder>();
  for (std::size_t i = 0; i < batch.frames.size(); ++i)
    PR_TRY(note_content(use, batch.frames[i], content.plain(i)));
  std::lock_guard lock(mutex_);
  use.add(batch);
  for (const auto& frame : batch.frames) {
    use.add_frame(frame);
    live_ += frame.records;
  }
  return {};
}

Use* Spool::find(std::uint64_t sequence) const {
  return find_use(segments_.uses(), sequence).get();
}

bool Spool::is_live(std::uint64_t sequence) const {
  const auto* use = find(sequence);
  return use && use->is_live(sequence);
}

bool Spool::release(std::uint64_t sequence, Use& carrier) {
  auto* target = find(sequence);
  if (!target || !target->release(sequence)) return false;
  carrier.carry(*target);
  --live_;
  return true;
}

void Spool::restore_release(std::uint64_t sequence, Use& carrier) {
  auto* target = find(sequence);
  if (!target) return;
  const bool fresh = target->release(sequence);
  if (fresh || target->release_durable < target->release_count) carrier.carry(*target);
}

Result<Spool::Place> Spool::place_of(std::uint64_t sequence) const {
  std::lock_guard lock(mutex_);
  auto use = find_use(segments_.uses(), sequence);
  if (!use) return Error{Code::not_found, "no such record"};
  if (use->is_lost(sequence)) return use->damaged("the record lies in a quarantined range");
  if (!use->is_live(sequence)) return Error{Code::not_found, "released"};
  const auto frame = use->frame_of(sequence);
  return Place{use, use->frames[frame], use->first_of(frame), sequence};
}

Result<Spool::Record> Spool::record_at(const Place& place) const {
  auto frame = PR_TRY(frames_.open(*place.use, place.frame, place.first));
  const auto* item = frame->record(place.sequence);
  if (!item) return place.use->damaged("a record is not in its frame");
  return Record{std::move(frame), item};
}

// While nobody held the mutex the record may have been released and its segment reused; then nothing is
// wrong.
Error Spool::unreadable(const Place& place, Error error) const {
  std::lock_guard lock(mutex_);
  if (!is_live(place.sequence)) return {Code::not_found, "released"};
  if (error.code == Code::corrupt && damaged_.emplace(place.use->serial, place.frame.offset).second) {
    log_.alarm("journal_record_damaged", {{"where", path(LogKind::spool, place.use->number, Part::segment)},
                                          {"offset", place.frame.offset},
                                          {"sequence", place.sequence},
                                          {"why", error.detail}});
  }
  return error;
}

// The record itself can be read, and so can its neighbours: nothing but its content is lost.
Error Spool::lost_content(const Place& place, Error error) const {
  std::lock_guard lock(mutex_);
  if (!is_live(place.sequence)) return {Code::not_found, "released"};
  if (error.code == Code::corrupt && without_content_.insert(place.sequence).second)
    log_.alarm("journal_record_damaged", {{"sequence", place.sequence}, {"why", error.detail}});
  return error;
}

Result<std::string> Spool::content(const FrameItem& item) const {
  if (item.body == Body::here) return std::string(item.bytes);
  const auto reference = BlobRef::decode(item.bytes);
  if (item.body != Body::blob || !reference) return Error{Code::corrupt, "damaged before it was moved"};
  return blobs_.read(*reference);
}

Result<std::vector<Spool::Raw>> Spool::raw(std::span<const Move> moves) const {
  std::vector<Raw> found;
  found.reserve(moves.size());
  for (const auto& move : moves) found.push_back(PR_TRY(raw(move.from.value)));
  return found;
}

Result<Spool::Raw> Spool::raw(std::uint64_t sequence) const {
  auto place = place_of(sequence);
  if (!place.ok()) return Raw{place.error().code == Code::corrupt ? Body::damaged : Body::gone, {}};
  if (is_damaged(*place)) return Raw{Body::damaged, {}};
  auto record = record_with_patience(*place);
  if (record.ok()) return Raw{record->item->body, std::string(record->item->bytes)};
  auto error = unreadable(*place, std::move(record).error());
  if (error.code == Code::not_found) return Raw{};
  if (error.code == Code::corrupt) return Raw{Body::damaged, {}};
  return Error{Code::unavailable, std::move(error.detail)};
}

// A sector that stays unreadable is damage like any other: every commit would wait for it otherwise. It is
// read again at once and not later, for the kernel and the drive have been patient already, and a disk that
// has failed as a whole does not store the batch that would say `damaged`.
Result<Spool::Record> Spool::record_with_patience(const Place& place) const {
  for (int tries = 1;; ++tries) {
    auto record = record_at(place);
    if (record.ok() || record.error().code != Code::io) return record;
    if (tries == read_tries) return place.use->damaged("cannot be read: " + record.error().detail);
  }
}

// Trying a bad sector can take seconds, and its frame may hold hundreds of records.
bool Spool::is_damaged(const Place& place) const {
  std::lock_guard lock(mutex_);
  return damaged_.contains({place.use->serial, place.frame.offset});
}

Result<std::vector<std::string>> Spool::read(std::span<const Sequence> sequences) const {
  std::vector<std::string> found;
  found.reserve(sequences.size());
  for (const auto sequence : sequences) {
    const auto place = PR_TRY(place_of(sequence.value));
    auto record = record_at(place);
    if (!record.ok()) return unreadable(place, std::move(record).error());
    auto one = content(*record->item);
    if (!one.ok()) return lost_content(place, std::move(one).error());
    found.push_back(*std::move(one));
  }
  return found;
}

std::vector<Journal::LiveRecord> Spool::worth_moving(std::size_t max) const {
  std::vector<Place> places;
  {
    std::lock_guard lock(mutex_);
    for (const auto& use : segments_.uses()) {
      if (!use->closed || use->live == 0 || use->live * 4 >= use->records()) continue;
      for (auto sequence = use->released.next_absent(use->first_sequence);
           sequence < use->next_sequence && places.size() < max;
           sequence = use->released.next_absent(sequence + 1)) {
        if (!use->is_live(sequence)) continue;
        const auto frame = use->frame_of(sequence);
        places.push_back({use, use->frames[frame], use->first_of(frame), sequence});
      }
      if (places.size() >= max) break;
    }
  }
  std::vector<Journal::LiveRecord> records;
  const auto most = std::min<std::uint64_t>(options_.segment_bytes / 2, 1 << 20);  // they move in one batch
  std::uint64_t bytes = 0;
  for (const auto& place : places) {
    auto record = record_at(place);
    if (record.ok()) {
      bytes += record->item->bytes.size();
      if (!records.empty() && bytes > most) break;
      records.push_back({{place.sequence}, record->item->label});
    } else {
      static_cast<void>(unreadable(place, std::move(record).error()));
    }
  }
  return records;
}

// What the use's hint says. When the hint is missing or damaged the frames themselves are read.
Result<HintFile> Spool::hint_of(const Use& use) const {
  if (auto hint = PR_TRY(HintFile::peek(disk_, use))) return *std::move(hint);
  HintBuilder builder;
  for (std::size_t i = 0; i < use.frames.size(); ++i) {
    auto plain = read_frame(use, use.frames[i]);
    if (!plain.ok() && plain.error().code == Code::corrupt) continue;  // whoever reads its records learns it
    if (!plain.ok()) return std::move(plain).error();
    auto sequence = use.first_of(i);
    FrameReader reader(*plain, sequence);
    while (const auto item = reader.next())
      if (item->type == FrameItem::Type::record)
        builder.record(sequence++, item->label, item->body, item->bytes);
  }
  return HintFile::of(builder);
}

Result<void> Spool::recall(const Journal::Wanted& wanted, const Journal::Live& live) const {
  std::vector<UsePtr> uses;
  {
    std::lock_guard lock(mutex_);
    std::ranges::copy_if(segments_.uses(), std::back_inserter(uses),
                         [](const UsePtr& use) { return use->hinted && use->live > 0; });
  }
  std::vector<HintRecord> found;
  for (const auto& use : uses) {
    found.clear();
    PR_TRY(hint_of(*use)).each_record([&](const HintRecord& record) {
      if (wanted(record.label)) found.push_back(record);
    });
    {
      std::lock_guard lock(mutex_);
      std::erase_if(found, [&](const HintRecord& record) { return !use->is_live(record.sequence.value); });
    }
    for (const auto& record : found) live(record.sequence, record.label);
  }
  return {};
}

std::uint64_t Spool::recallable() const {
  std::lock_guard lock(mutex_);
  for (const auto& use : segments_.uses())
    if (!use->hinted) return use->first_sequence;
  return UINT64_MAX;
}

bool Spool::wants_closing(Time now) const {
  const auto& open = segments_.open();
  return open && open->batches > 0 && open->live == 0 && now - open->oldest >= options_.idle_span;
}

// Nothing in it is needed any more, but perhaps the releases it carries.
bool Spool::finished(const Use& use, std::uint64_t events_durable) const {
  if (!use.closed || use.live > 0) return false;
  if (PR_MUTANT(11)) return true;  // planted: what it still has to carry over is lost
  return use.lost.empty() && use.next_item <= events_durable;
}

// A use whose records it released, and whose bitmap does not have all of that safely.
Use* Spool::blocker(const Use& use) const {
  if (PR_MUTANT(11)) return nullptr;
  const auto& uses = segments_.uses();
  for (const auto& carried : use.carries) {
    const auto target =
        std::ranges::lower_bound(uses, carried.target, {}, [](const UsePtr& other) { return other->serial; });
    const bool there = target != uses.end() && (*target)->serial == carried.target;
    if (there && (*target)->release_durable < carried.count) return target->get();
  }
  return nullptr;
}

Result<bool> Spool::recycle(std::uint64_t events_durable, const std::function<Result<void>()>& before_last) {
  for (const auto& use : segments_.uses()) {
    if (!finished(*use, events_durable) || blocker(*use)) continue;
    const auto finished_use = use;
    if (use == segments_.uses().back()) PR_TRY(before_last());
    // Forgotten only when it is gone from the disk: those who carry releases of it must not go before it, or
    // the next start would find its records live again.
    PR_TRY(pool_.retire(*finished_use, options_.free_segments));
    {
      std::lock_guard lock(mutex_);
      segments_.forget(finished_use);
    }
    frames_.forget(*finished_use);
    return true;
  }
  return false;
}

Result<bool> Spool::persist_released(std::uint64_t events_durable) {
  for (const auto& use : segments_.uses()) {
    if (!finished(*use, events_durable)) continue;
    auto* target = blocker(*use);
    if (!target) continue;
    PR_TRY(ReleasedFile::write(disk_, *target, nonces_));
    target->release_durable = target->release_count;
    return true;
  }
  return false;
}

}  // namespace postrider::journal::local

// SPDX-License-Identifier: Apache-2.0
#include "journal/local/event_log.h"

#include <algorithm>

#include "base/crash_point.h"
#include "journal/local/frame_source.h"

namespace postrider::journal::local {

EventLog::EventLog(const Options& options, std::uint64_t incarnation, SegmentPool& pool, NonceSource& nonces,
                   Meter& meter, Log& log, std::mutex& mutex)
    : options_(options),
      incarnation_(incarnation),
      pool_(pool),
      log_(log),
      mutex_(mutex),
      segments_(LogKind::events, options.event_segment_bytes, pool, nonces, meter, mutex),
      chunk_bytes_(std::min<std::uint64_t>(1 << 20, segments_.most() / 4)) {}

EventLog::Chunk& EventLog::chunk_for(std::uint64_t item, std::size_t bytes) {
  if (chunks_.empty() || chunks_.back().finished || chunks_.back().content.next_item() != item ||
      chunks_.back().bytes + bytes > chunk_bytes_) {
    chunks_.emplace_back().content.begin(0, item);
  }
  chunks_.back().bytes += bytes;
  next_ = item + 1;
  waiting_bytes_ += bytes;
  return chunks_.back();
}

void EventLog::add_event(std::uint64_t item, std::string_view bytes) {
  chunk_for(item, bytes.size()).content.event(bytes);
}

void EventLog::add_claim(std::uint64_t item, std::string_view encoded, Time expires) {
  auto& chunk = chunk_for(item, encoded.size());
  chunk.content.claim({});
  chunk.claims.emplace_back(encoded);
  chunk.claims_until = std::max(chunk.claims_until, expires);
}

Result<void> EventLog::carry(Time now) {
  if (chunks_.empty()) return {};
  auto& chunk = chunks_.front();
  if (!chunk.finished) {
    std::lock_guard lock(mutex_);
    for (const auto& claim : chunk.claims) chunk.content.aside(claim);
    chunk.finished = true;
  }
  const auto batch = PR_TRY(segments_.append(chunk.content, now));
  {
    std::lock_guard lock(mutex_);
    auto& use = *segments_.open();
    use.add(batch);
    for (const auto& frame : batch.frames) use.add_frame(frame);
    use.claims_until = std::max(use.claims_until, chunk.claims_until);
    durable_next_ = batch.next_item;
    waiting_bytes_ -= chunk.bytes;
    chunks_.pop_front();
  }
  return {};
}

Result<bool> EventLog::end_day(Time now, Time events_before) {
  const auto& open = segments_.open();
  if (!open || open->batches == 0) return false;
  if (now - open->oldest < options_.event_span && open->newest >= events_before) return false;
  PR_TRY(segments_.close(now));
  return true;
}

Result<bool> EventLog::drop(Time now, Time events_before, const std::function<Result<void>()>& before_last) {
  for (const auto& use : segments_.uses()) {
    if (!use->closed || use->newest >= events_before) return false;  // in order of time
    if (use->claims_until > now) continue;
    const auto dropped = use;
    if (use == segments_.uses().back()) PR_TRY(before_last());
    PR_TRY(pool_.retire(*dropped, options_.free_segments));
    {
      std::lock_guard lock(mutex_);
      segments_.forget(dropped);
    }
    PR_CRASH_POINT("journal.events_dropped");
    return true;
  }
  return false;
}

Cursor EventLog::tail() const {
  std::lock_guard lock(mutex_);
  return {incarnation_, next_ - 1};
}

// Finds the frames that hold what follows a number, until enough are found for `max` events.
class EventLog::Search {
 public:
  Search(std::uint64_t after, std::size_t max) : last(after), after_(after), max_(max) {}

  bool enough() const { return covered_ >= max_; }

  void in(const UsePtr& use) {
    if (use->next_item <= after_ + 1) return;
    auto at = use->frame_of(after_ + 1);
    if (at == use->frames.size()) at = 0;  // everything in it is later
    for (; at < use->frames.size() && !enough(); ++at) {
      const auto next = at + 1 < use->frames.size() ? use->first_of(at + 1) : use->next_item;
      if (take(use->first_of(at), next)) frames.push_back({use, use->frames[at], {}, use->first_of(at)});
    }
  }

  void in(const BatchBuilder& waiting) {
    if (waiting.next_item() <= after_ + 1) return;
    for (std::size_t at = 0; at < waiting.frames() && !enough(); ++at) {
      const auto& counts = waiting.counts(at);
      if (counts.items > 0 && take(counts.first_item, counts.first_item + counts.items))
        frames.push_back({nullptr, {}, std::string(waiting.plain(at)), counts.first_item});
    }
  }

  std::vector<Found> frames;
  std::uint64_t last;  // the last number they cover

 private:
  bool take(std::uint64_t first, std::uint64_t next) {
    if (next <= after_ + 1) return false;
    covered_ += next - std::max(first, after_ + 1);
    last = next - 1;
    return true;
  }

  std::uint64_t after_;
  std::uint64_t max_;
  std::uint64_t covered_ = 0;
};

Result<EventPage> EventLog::read(Cursor after, std::size_t max) const {
  Search search(after.sequence, max);
  {
    std::lock_guard lock(mutex_);
    if (after != Cursor{} && after.incarnation != incarnation_)
      return Error{Code::not_found, "a cursor of another life of the log"};
    if (after.sequence >= next_) return Error{Code::invalid, "a cursor ahead of the log"};
    for (const auto& use : segments_.uses()) search.in(use);
    for (const auto& chunk : chunks_) search.in(chunk.content);
  }
  EventPage page;
  for (const auto& found : search.frames) {
    const auto plain =
        found.use ? read_frame_for_good(*found.use, found.place) : Result<std::string>(found.plain);
    if (!plain.ok()) {
      if (plain.error().code != Code::corrupt) return plain.error();
      damaged(found);
      continue;  // what follows must not wait for what nobody will ever read
    }
    FrameReader reader(*plain, 0);
    auto item = found.first;
    while (auto next = reader.next()) {
      const auto number = item++;
      if (number <= after.sequence || next->type != FrameItem::Type::event) continue;
      if (page.events.size() == max) {
        page.next = {incarnation_, page.events.back().sequence};
        return page;
      }
      page.events.push_back({number, std::string(next->bytes)});
    }
  }
  page.next = {incarnation_, search.last};
  return page;
}

void EventLog::damaged(const Found& found) const {
  std::lock_guard lock(mutex_);
  // Out of the window meanwhile, and its file in another life: then nothing is wrong.
  if (std::ranges::find(segments_.uses(), found.use) == segments_.uses().end()) return;
  log_.alarm("journal_events_damaged", {{"where", path(LogKind::events, found.use->number, Part::segment)},
                                        {"offset", found.place.offset},
                                        {"first_event", found.first}});
}

}  // namespace postrider::journal::local

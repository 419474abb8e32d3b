// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "journal/journal.h"
#include "journal/local/options.h"
#include "journal/local/segment_log.h"

namespace postrider::journal::local {

// The log of events. An event becomes durable in the batch of the spool that it was committed in, and has its
// number and can be read from then on; here it waits in memory until a step of upkeep carries it over, in
// order, with all that waits. What the log's own segments hold is the watermark: no number is carried twice,
// and a spool segment stays until its numbers are here. Claims have numbers too and come along; a segment
// stays until the last of them expires.
class EventLog {
 public:
  EventLog(const Options& options, std::uint64_t incarnation, SegmentPool& pool, NonceSource& nonces,
           Meter& meter, Log& log, std::mutex& mutex);

  SegmentLog& segments() { return segments_; }
  const SegmentLog& segments() const { return segments_; }

  // Journal thread, under the mutex: durable in the spool, numbers ascending.
  void add_event(std::uint64_t item, std::string_view bytes);
  void add_claim(std::uint64_t item, std::string_view encoded, Time expires);
  bool waiting() const { return !chunks_.empty(); }
  std::uint64_t waiting_bytes() const { return waiting_bytes_; }
  std::uint64_t largest_item() const { return chunk_bytes_; }
  // Makes the oldest chunk of what waits durable and visible.
  Result<void> carry(Time now);
  // Closes the use that is written to when it is of age or out of the window. Whether it did.
  Result<bool> end_day(Time now, Time events_before);
  // Deletes a use that is out of the window. Whether it did. `before_last` is called before the newest use
  // goes, which is where numbers in use are known from.
  Result<bool> drop(Time now, Time events_before, const std::function<Result<void>()>& before_last);

  // What recovery found durable: everything below next_item.
  void restore(std::uint64_t next_item) { durable_next_ = next_ = next_item; }

  // Everything below is durable here. Journal thread.
  std::uint64_t durable_next() const { return durable_next_; }
  Cursor tail() const;
  Result<EventPage> read(Cursor after, std::size_t max) const;

 private:
  // What one batch will hold. Claims stand in frames of their own at its end, so that recovery reads only
  // those; among the events an empty one keeps the number.
  struct Chunk {
    BatchBuilder content;
    std::vector<std::string> claims;
    Time claims_until{};
    std::uint64_t bytes = 0;
    bool finished = false;
  };
  Chunk& chunk_for(std::uint64_t item, std::size_t bytes);
  // A frame of events: on disk, or still here.
  struct Found {
    UsePtr use;
    FramePlace place;
    std::string plain;
    std::uint64_t first = 0;
  };
  class Search;
  void damaged(const Found& found) const;

  const Options& options_;
  std::uint64_t incarnation_;
  SegmentPool& pool_;
  Log& log_;
  std::mutex& mutex_;
  SegmentLog segments_;
  std::uint64_t chunk_bytes_;
  std::deque<Chunk> chunks_;
  std::uint64_t waiting_bytes_ = 0;
  std::uint64_t durable_next_ = 1;
  std::uint64_t next_ = 1;  // what waits included
};

}  // namespace postrider::journal::local

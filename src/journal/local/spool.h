// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "journal/journal.h"
#include "journal/local/blob_store.h"
#include "journal/local/frame_cache.h"
#include "journal/local/hint_file.h"
#include "journal/local/options.h"
#include "journal/local/segment_log.h"

namespace postrider::journal::local {

// The log of records: which are live, where their bytes are, and when a segment may go. The journal thread
// changes it; what is const may be called from any thread.
class Spool {
 public:
  Spool(const Options& options, SegmentPool& pool, NonceSource& nonces, Meter& meter, Disk& disk, Log& log,
        BlobStore& blobs, std::mutex& mutex)
      : options_(options),
        pool_(pool),
        nonces_(nonces),
        disk_(disk),
        log_(log),
        blobs_(blobs),
        mutex_(mutex),
        segments_(LogKind::spool, options.segment_bytes, pool, nonces, meter, mutex) {}

  SegmentLog& segments() { return segments_; }
  const SegmentLog& segments() const { return segments_; }

  // Makes the content durable and its records readable. Releases are the caller's next step.
  Result<void> append(const BatchBuilder& content, Time time);

  // Under the mutex, as the functions down to the next comment. The use whose numbers include the sequence,
  // or null.
  Use* find(std::uint64_t sequence) const;
  bool is_live(std::uint64_t sequence) const;
  // A group that stands in `carrier` releases it. Whether it was live.
  bool release(std::uint64_t sequence, Use& carrier);
  // After a restart: `carrier` says it released this. What is not safely in a bitmap yet makes the carrier
  // stay.
  void restore_release(std::uint64_t sequence, Use& carrier);
  void restore_live(std::uint64_t live) { live_ = live; }
  std::uint64_t live() const { return live_; }
  std::uint64_t quarantined() const { return damaged_.size() + without_content_.size(); }

  // Records as they stand, for moves. What is damaged moves as `damaged`, so that nothing waits for it.
  struct Raw {
    Body body = Body::gone;
    std::string bytes;
  };
  Result<std::vector<Raw>> raw(std::span<const Move> moves) const;
  Result<std::vector<std::string>> read(std::span<const Sequence> sequences) const;
  std::vector<Journal::LiveRecord> worth_moving(std::size_t max) const;
  Result<void> recall(const Journal::Wanted& wanted, const Journal::Live& live) const;
  std::uint64_t recallable() const;

  // Nothing lives in the use that is written to, and it has had its time.
  bool wants_closing(Time now) const;
  // Steps of upkeep; whether anything was done. `events_durable`: every event below is in the event log.
  // `before_last` is called before the newest use goes, which is where numbers in use are known from.
  Result<bool> recycle(std::uint64_t events_durable, const std::function<Result<void>()>& before_last);
  Result<bool> persist_released(std::uint64_t events_durable);

 private:
  struct Place {
    UsePtr use;
    FramePlace frame;
    std::uint64_t first = 0;
    std::uint64_t sequence = 0;
  };
  Result<Place> place_of(std::uint64_t sequence) const;
  struct Record {
    OpenFramePtr frame;  // keeps what `item` points to
    const FrameItem* item = nullptr;
  };
  Result<Record> record_at(const Place& place) const;
  Result<Record> record_with_patience(const Place& place) const;
  Result<Raw> raw(std::uint64_t sequence) const;
  bool is_damaged(const Place& place) const;
  Error unreadable(const Place& place, Error error) const;
  Error lost_content(const Place& place, Error error) const;
  Result<std::string> content(const FrameItem& item) const;
  Result<HintFile> hint_of(const Use& use) const;
  bool finished(const Use& use, std::uint64_t events_durable) const;
  Use* blocker(const Use& use) const;

  const Options& options_;
  SegmentPool& pool_;
  NonceSource& nonces_;
  Disk& disk_;
  Log& log_;
  BlobStore& blobs_;
  std::mutex& mutex_;
  SegmentLog segments_;
  std::uint64_t live_ = 0;
  mutable FrameCache frames_;
  mutable std::set<std::pair<std::uint64_t, std::uint32_t>>
      damaged_;                                      // serial and offset of frames found bad
  mutable std::set<std::uint64_t> without_content_;  // records in good frames
};

}  // namespace postrider::journal::local

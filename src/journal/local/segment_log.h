// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "journal/local/batch.h"
#include "journal/local/meter.h"
#include "journal/local/segment_pool.h"
#include "journal/local/use.h"

namespace postrider::journal::local {

// Makes the batch durable that says that nothing follows in the use.
Result<Batch> write_end(const Use& use, Time time, NonceSource& nonces);

// The writing end of one of the two logs, and the list of its uses in order. Belongs to the journal thread,
// which changes the list and the uses under `mutex` only; others read them under it.
class SegmentLog {
 public:
  SegmentLog(LogKind log, std::uint64_t segment_bytes, SegmentPool& pool, NonceSource& nonces, Meter& meter,
             std::mutex& mutex)
      : log_(log),
        segment_bytes_(segment_bytes),
        pool_(pool),
        nonces_(nonces),
        meter_(meter),
        mutex_(mutex) {}

  // The largest batch there is room for.
  std::uint64_t most() const { return segment_bytes_ - 2 * sector; }

  // Writes the batch behind the last one and syncs: on ok it is durable, and the caller publishes it by
  // open().add() and add_frame() under the mutex. invalid = larger than most(). exhausted = nothing is
  // stored. io = unknown: nothing more may be written.
  Result<Batch> append(const BatchBuilder& content, Time time);

  // Closes the use that is written to, so that its next life can begin; the next append opens another.
  // Nothing happens when it has no batches.
  Result<void> close(Time time);
  // Has a use ready ahead of need.
  Result<void> prepare(std::uint64_t next_sequence, std::uint64_t next_item);
  // Writes the hint of a closed use that has none; whether there was one.
  Result<bool> write_hint(Disk& disk);
  bool wants_preparing() const { return !prepared_ && (!open_ || open_->end > open_->size / 2); }

  const UsePtr& open() const { return open_; }  // may be null
  const std::vector<UsePtr>& uses() const { return uses_; }
  void adopt(UsePtr use) { uses_.push_back(std::move(use)); }  // recovery, in order
  void forget(const UsePtr& use);                              // under the mutex
  std::uint64_t idle_bytes() const;  // allocated and not yet written: open, prepared, free

 private:
  Result<void> roll(const BatchBuilder& content, Time time);
  Result<void> unwrite(File& file, std::uint64_t offset);

  LogKind log_;
  std::uint64_t segment_bytes_;
  SegmentPool& pool_;
  NonceSource& nonces_;
  Meter& meter_;
  std::mutex& mutex_;
  std::vector<UsePtr> uses_;  // by serial, the open one last
  UsePtr open_, prepared_;
  std::string buffer_;
};

}  // namespace postrider::journal::local

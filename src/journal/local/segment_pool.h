// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdint>
#include <map>
#include <set>

#include "base/disk.h"
#include "base/random.h"
#include "journal/local/key_slots.h"
#include "journal/local/segment_header.h"
#include "journal/local/use.h"

namespace postrider::journal::local {

// Gives segment files new lives and ends them. Belongs to the journal thread.
class SegmentPool {
 public:
  SegmentPool(Disk& disk, Random& random, NonceSource& nonces, KeySlots keys, const StreamId& stream)
      : disk_(disk), random_(random), nonces_(nonces), keys_(std::move(keys)), stream_(stream) {}

  // Recovery tells what is there.
  void note_serial(std::uint64_t serial) { next_serial_ = std::max(next_serial_, serial + 1); }
  void note_number(SegmentNumber number) { next_number_ = std::max(next_number_, number + 1); }
  void add_free(LogKind log, SegmentNumber number);
  KeySlots& keys() { return keys_; }

  // A file of `size` bytes with a fresh key and incarnation, all of it durable: the next batch may go into
  // it. exhausted = no room on the disk.
  Result<UsePtr> make(LogKind log, std::uint64_t size, std::uint64_t first_sequence,
                      std::uint64_t first_item);

  // Deletes what a use held by deleting its key; then the file waits for its next life, if no more than
  // `keep` do.
  Result<void> retire(const Use& use, std::size_t keep);

  std::size_t free(LogKind log) const {
    const auto found = free_.find(log);
    return found == free_.end() ? 0 : found->second.size();
  }

 private:
  Result<std::shared_ptr<File>> open_file(LogKind log, SegmentNumber number, std::uint64_t size);

  Disk& disk_;
  Random& random_;
  NonceSource& nonces_;
  KeySlots keys_;
  StreamId stream_;
  std::map<LogKind, std::set<SegmentNumber>> free_;
  SegmentNumber next_number_ = 0;
  std::uint64_t next_serial_ = 1;
};

}  // namespace postrider::journal::local

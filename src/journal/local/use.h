// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/disk.h"
#include "journal/journal.h"
#include "journal/local/batch.h"
#include "journal/local/format.h"
#include "journal/local/key_slots.h"
#include "journal/local/sealer.h"
#include "journal/local/sequence_bits.h"

namespace postrider::journal::local {

class HintBuilder;
class Salvage;

// [first, next)
struct Range {
  std::uint64_t first = 0, next = 0;
  bool has(std::uint64_t value) const { return first <= value && value < next; }
};

// Where a frame lies, by the first sequence (spool) or item (events) in it: 12 bytes for up to 16 KiB of
// records, which is all the memory that finding a record costs.
struct FramePlace {
  std::uint32_t first = 0;  // from Use::base
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

// What the batches of a use say. Sequences and items below the first batch are the floors it was prepared
// with.
struct UseContent {
  std::uint64_t end = sector;  // where the next batch goes
  std::uint64_t batches = 0;
  std::uint64_t first_sequence = 0, next_sequence = 0;
  std::uint64_t first_item = 0, next_item = 0;
  Time oldest{}, newest{};
  std::vector<FramePlace> frames;        // spool: those with records; events: those with items
  std::vector<FramePlace> claim_frames;  // events only
  Time claims_until{};                   // events only: the last of its claims expires then

  // Damage. A spool use that has lost something is never recycled: whether it is done with is the operator's
  // decision.
  std::vector<Range> lost;  // sequences (spool) or items (events) that cannot be read
  std::vector<Quarantine> damage;
};

// One life of a segment file. The journal thread changes it; other threads look under the journal's mutex,
// and at what never changes (number to file, the content once it is closed) without it.
struct Use : UseContent {
  Use(const UseKey& key, std::shared_ptr<File> opened, std::uint64_t size);
  ~Use();

  const SegmentNumber number;
  const LogKind log;
  const std::uint64_t serial;
  const Incarnation incarnation;
  const std::shared_ptr<Sealer> sealer;
  const std::shared_ptr<File> file;

  std::uint64_t size;                // of the file
  std::unique_ptr<Salvage> salvage;  // through which it is read until it is known; then null
  bool closed = false;

  // Spool only.
  SequenceBits released;
  std::uint64_t live = 0;
  std::uint64_t release_count = 0;    // grows with every bit of `released`
  std::uint64_t release_durable = 0;  // release_count when `released` was last made durable
  struct Carried {
    std::uint64_t target = 0;  // serial of the use whose records are released
    std::uint64_t count = 0;   // its release_count after the last of them
  };
  std::vector<Carried> carries;  // by target: releases that stand in this use and concern another

  std::unique_ptr<HintBuilder> hint;  // of a spool use: what its hint file will say, until it is written
  bool hinted = false;

  // Takes note of a batch that is durable (or about to be).
  void add(const Batch& batch);
  void add_frame(const Frame& frame);
  void add_lost(Range range, std::string where, std::string why);
  // Whether it was live until now.
  bool release(std::uint64_t sequence);
  void carry(const Use& target);

  std::uint64_t base() const { return log == LogKind::spool ? first_sequence : first_item; }
  std::uint64_t records() const { return next_sequence - first_sequence; }
  // The frame that has, or would have, the sequence or item; frames.size() when none starts at or below it.
  std::size_t frame_of(std::uint64_t key) const;
  std::uint64_t first_of(std::size_t frame) const { return base() + frames[frame].first; }
  bool is_lost(std::uint64_t key) const;
  bool is_live(std::uint64_t sequence) const {
    return first_sequence <= sequence && sequence < next_sequence && !released.test(sequence) &&
           !is_lost(sequence);
  }
  Error damaged(std::string_view why) const;
};

using UsePtr = std::shared_ptr<Use>;

// As read_at(), through the salvage when there is one.
Result<std::string> read_through(const Use& use, std::uint64_t offset, std::size_t size);

// Of uses in order, the one whose numbers include the sequence (whether it is live or not), or null.
UsePtr find_use(const std::vector<UsePtr>& uses, std::uint64_t sequence);

}  // namespace postrider::journal::local

// SPDX-License-Identifier: Apache-2.0
#include "journal/local/walk.h"

#include <algorithm>

#include "base/crash_point.h"

namespace postrider::journal::local {
namespace {

class Walker {
 public:
  Walker(const Use& use, const WalkVisitor& visitor) : use_(use), visitor_(visitor) {}

  Result<Walked> run() {
    for (;;) {
      auto found = PR_TRY(batch_at(at_));
      if (found && !follows(found->batch)) found.reset();
      if (!found) {
        const auto next = PR_TRY(search(at_ + sector));
        if (!next) break;
        release_held();
        damage_ = Range{at_, *next};
        at_ = *next;
        continue;
      }
      take(*std::move(found));
      if (walked_.closed) return walked_;
    }
    walked_.end = at_;
    if (held_ && PR_MUTANT(6)) release_held();  // planted: half a group is kept
    if (held_) {
      walked_.end = held_->batch.offset;
      walked_.torn = true;
    }
    return walked_;
  }

 private:
  // A use is written from front to back, so numbers and sequences only grow.
  bool follows(const Batch& batch) const {
    if (PR_MUTANT(5)) return true;  // planted with the stale key: a former life is believed
    return batch.number > number_ && batch.first_sequence >= next_sequence_ && batch.first_item >= next_item_;
  }

  void take(FoundBatch found) {
    release_held();
    if (damage_) {
      const bool first = number_ == 0;
      const Range sequences{first ? use_.first_sequence : next_sequence_, found.batch.first_sequence};
      const Range items{first ? use_.first_item : next_item_, found.batch.first_item};
      visitor_.damage(damage_->first, damage_->next, sequences, items);
      damage_.reset();
    }
    number_ = found.batch.number;
    next_sequence_ = found.batch.next_sequence;
    next_item_ = found.batch.next_item;
    at_ = found.batch.offset + found.batch.length;
    walked_.end = at_;
    walked_.closed = found.batch.kind == BatchKind::end;
    if (walked_.closed || found.whole()) {
      visitor_.batch(found);
    } else {
      held_ = std::move(found);
    }
  }

  // Something authentic follows the batch that is not whole: it was acknowledged, so what is bad of it is
  // damage.
  void release_held() {
    if (!held_) return;
    visitor_.batch(*held_);
    for (std::size_t i = 0; i < held_->frames.size(); ++i) {
      if (held_->frames[i]) continue;
      const auto& frame = held_->batch.frames[i];
      visitor_.damage(frame.offset, frame.offset + frame.size,
                      {frame.first_sequence, frame.first_sequence + frame.records},
                      {frame.first_item, frame.first_item + frame.items});
    }
    held_.reset();
  }

  Result<std::optional<FoundBatch>> batch_at(std::uint64_t offset) {
    std::size_t want = 4096;
    const auto room = use_.size - std::min(use_.size, offset);  // a damaged length may be anything
    BatchHead head;
    for (;;) {
      const auto bytes = PR_TRY(read_through(use_, offset, want));
      head = read_batch_head(bytes, offset, use_.log, use_.incarnation, *use_.sealer);
      if (head.need <= want || head.need > room || bytes.size() < want) break;
      want = head.need;
    }
    if (!head.batch) return std::optional<FoundBatch>();
    FoundBatch found{*std::move(head.batch), {}, false};
    // A batch may be cut off by the end of the file: its later frames then read short.
    const auto bytes = PR_TRY(read_through(use_, offset, found.batch.length));
    const std::string_view view(bytes);
    for (const auto& frame : found.batch.frames) {
      const auto from = std::min<std::uint64_t>(frame.offset - offset, view.size());
      auto plain = open_frame(view.substr(from, frame.size), frame.offset, use_.incarnation, *use_.sealer);
      found.frames.push_back(plain.ok() ? std::optional(*std::move(plain)) : std::nullopt);
    }
    found.trailer = view.size() == found.batch.length && view.ends_with(head.trailer);
    return found;
  }

  // The next offset from here on where an authentic batch starts that may follow.
  Result<std::optional<std::uint64_t>> search(std::uint64_t from) {
    constexpr std::size_t window = 1 << 20;
    if (PR_MUTANT(15)) return std::optional<std::uint64_t>();  // planted: damage truncates
    for (; from < use_.size; from += window) {
      const auto bytes = PR_TRY(read_through(use_, from, window));
      for (std::size_t at = 0; at + sector <= bytes.size(); at += sector) {
        if (!may_start(std::string_view(bytes).substr(at, sector))) continue;
        const auto found = PR_TRY(batch_at(from + at));
        if (found && follows(found->batch)) return std::optional(from + at);
      }
      if (bytes.size() < window) break;
    }
    return std::optional<std::uint64_t>();
  }

  // Cheap, and right about all but one in 2^128 of other bytes; batch_at() then authenticates.
  bool may_start(std::string_view bytes) const {
    return bytes.substr(8, use_.incarnation.size()) ==
           std::string_view(reinterpret_cast<const char*>(use_.incarnation.data()), use_.incarnation.size());
  }

  const Use& use_;
  const WalkVisitor& visitor_;
  Walked walked_;
  std::uint64_t at_ = sector;
  std::uint64_t number_ = 0, next_sequence_ = 0, next_item_ = 0;
  std::optional<FoundBatch> held_;
  std::optional<Range> damage_;
};

}  // namespace

bool FoundBatch::whole() const {
  return trailer && std::ranges::all_of(frames, [](const auto& frame) { return frame.has_value(); });
}

Result<Walked> walk(const Use& use, const WalkVisitor& visitor) {
  return Walker(use, visitor).run();
}

}  // namespace postrider::journal::local

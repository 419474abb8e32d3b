// SPDX-License-Identifier: Apache-2.0
#include "journal/local/use.h"

#include <fmt/format.h>

#include <algorithm>

#include "journal/local/file_io.h"
#include "journal/local/hint_file.h"
#include "journal/local/salvage.h"

namespace postrider::journal::local {

Use::Use(const UseKey& key, std::shared_ptr<File> opened, std::uint64_t file_size)
    : number(key.number),
      log(key.log),
      serial(key.serial),
      incarnation(key.incarnation),
      sealer(std::make_shared<Sealer>(key.key)),
      file(std::move(opened)),
      size(file_size) {}

Use::~Use() = default;

void Use::add(const Batch& batch) {
  if (batches == 0) {
    if (lost.empty()) {  // else it begins with what is lost
      first_sequence = batch.first_sequence;
      first_item = batch.first_item;
    }
    released = SequenceBits(first_sequence);
    oldest = batch.time;
  }
  batches = batch.number;
  next_sequence = batch.next_sequence;
  next_item = batch.next_item;
  closed = batch.kind == BatchKind::end;
  if (!closed) newest = std::max(newest, batch.time);
  end = batch.offset + batch.length;
}

void Use::add_frame(const Frame& frame) {
  const bool spool = log == LogKind::spool;
  const auto place = [&](std::uint64_t first) {
    return FramePlace{static_cast<std::uint32_t>(first - base()), static_cast<std::uint32_t>(frame.offset),
                      frame.size};
  };
  if (spool && frame.records > 0) {
    frames.push_back(place(frame.first_sequence));
    live += frame.records;
  }
  if (!spool) (frame.items > 0 ? frames : claim_frames).push_back(place(frame.first_item));
}

void Use::add_lost(Range range, std::string where, std::string why) {
  if (range.first < range.next) lost.push_back(range);
  damage.push_back({fmt::format("{} {}", path(log, number, Part::segment), where), std::move(why)});
}

bool Use::release(std::uint64_t sequence) {
  if (!is_live(sequence)) return false;
  released.insert(sequence);
  --live;
  ++release_count;
  return true;
}

void Use::carry(const Use& target) {
  if (target.serial == serial) return;
  auto at = std::ranges::lower_bound(carries, target.serial, {}, &Carried::target);
  if (at == carries.end() || at->target != target.serial) at = carries.insert(at, {target.serial, 0});
  at->count = target.release_count;
}

std::size_t Use::frame_of(std::uint64_t key) const {
  if (key < base()) return frames.size();
  const auto after = std::ranges::upper_bound(frames, key - base(), {}, &FramePlace::first);
  if (after == frames.begin()) return frames.size();
  return static_cast<std::size_t>(after - frames.begin()) - 1;
}

bool Use::is_lost(std::uint64_t key) const {
  return std::ranges::any_of(lost, [&](const Range& range) { return range.has(key); });
}

Result<std::string> read_through(const Use& use, std::uint64_t offset, std::size_t size) {
  return use.salvage ? use.salvage->read(offset, size) : read_at(*use.file, offset, size);
}

UsePtr find_use(const std::vector<UsePtr>& uses, std::uint64_t sequence) {
  const auto after =
      std::ranges::upper_bound(uses, sequence, {}, [](const UsePtr& use) { return use->first_sequence; });
  if (after == uses.begin()) return nullptr;
  const auto& use = *(after - 1);
  return sequence < use->next_sequence ? use : nullptr;
}

Error Use::damaged(std::string_view why) const {
  return {Code::corrupt, fmt::format("{}: {}", path(log, number, Part::segment), why)};
}

}  // namespace postrider::journal::local

// SPDX-License-Identifier: Apache-2.0
#include "journal/local/frame_cache.h"

#include <algorithm>

#include "journal/local/frame_source.h"

namespace postrider::journal::local {

OpenFrame::OpenFrame(std::string plain, std::uint64_t first_sequence)
    : plain_(std::move(plain)), first_(first_sequence) {
  FrameReader reader(plain_, first_sequence);
  while (auto item = reader.next())
    if (item->type == FrameItem::Type::record) records_.push_back(*item);
}

const FrameItem* OpenFrame::record(std::uint64_t sequence) const {
  const auto index = sequence - first_;  // below first_ it is larger than any size
  return index < records_.size() ? &records_[index] : nullptr;
}

Result<OpenFramePtr> FrameCache::open(const Use& use, const FramePlace& place, std::uint64_t first) {
  const Key key{use.serial, place.offset};
  if (auto known = find(key)) return known;
  auto plain = PR_TRY(read_frame(use, place));
  auto frame = std::make_shared<const OpenFrame>(std::move(plain), first);
  if (frame->size() <= size_most) keep(key, frame);
  return OpenFramePtr(std::move(frame));
}

OpenFramePtr FrameCache::find(const Key& key) {
  std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(frames_, key, &decltype(frames_)::value_type::first);
  if (found == frames_.end()) return nullptr;
  frames_.splice(frames_.begin(), frames_, found);
  return found->second;
}

void FrameCache::keep(const Key& key, OpenFramePtr frame) {
  std::lock_guard lock(mutex_);
  frames_.emplace_front(key, std::move(frame));
  if (frames_.size() > most) frames_.pop_back();
}

void FrameCache::forget(const Use& use) {
  std::lock_guard lock(mutex_);
  frames_.remove_if([&](const auto& entry) { return entry.first.serial == use.serial; });
}

}  // namespace postrider::journal::local

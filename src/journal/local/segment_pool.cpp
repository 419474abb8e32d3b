// SPDX-License-Identifier: Apache-2.0
#include "journal/local/segment_pool.h"

#include "base/crash_point.h"
#include "journal/local/file_io.h"

namespace postrider::journal::local {

void SegmentPool::add_free(LogKind log, SegmentNumber number) {
  note_number(number);
  free_[log].insert(number);
}

Result<std::shared_ptr<File>> SegmentPool::open_file(LogKind log, SegmentNumber number, std::uint64_t size) {
  const auto name = path(log, number, Part::segment);
  std::shared_ptr<File> file = PR_TRY(disk_.open(name, Open::create_or_open));
  if (PR_TRY(file->size()) == size) return file;  // recycled: nothing but data will have to be written
  if (auto allocated = file->allocate(size); !allocated.ok()) {
    // Half a file serves nobody and takes room from those who need it.
    static_cast<void>(disk_.remove(name));
    return std::move(allocated).error();
  }
  PR_TRY(sync(*file));
  PR_TRY(disk_.sync_directory(directory(log)));
  PR_CRASH_POINT("journal.segment_allocated");
  return file;
}

Result<UsePtr> SegmentPool::make(LogKind log, std::uint64_t size, std::uint64_t first_sequence,
                                 std::uint64_t first_item) {
  auto& waiting = free_[log];
  const auto number = waiting.empty() ? next_number_ : *waiting.begin();
  auto file = open_file(log, number, size);
  if (!file.ok()) {
    waiting.erase(number);
    return std::move(file).error();
  }
  next_number_ = std::max(next_number_, number + 1);
  waiting.insert(number);  // until all is well

  UseKey key{number, log, next_serial_++, {}, {}};
  random_.fill(key.incarnation);
  random_.fill(key.key);
  if (PR_MUTANT(5)) {  // planted: every life of a file has the same name and key
    key.incarnation.fill(static_cast<std::uint8_t>(number + 1));
    key.key.fill(static_cast<std::uint8_t>(number + 1));
  }
  PR_TRY(keys_.write(key, nonces_));
  auto use = std::make_shared<Use>(key, *std::move(file), size);
  use->first_sequence = use->next_sequence = first_sequence;
  use->first_item = use->next_item = first_item;
  PR_TRY(write_header(*use, {stream_, nonces_.epoch(), first_sequence, first_item}, nonces_));
  waiting.erase(number);
  return use;
}

Result<void> SegmentPool::retire(const Use& use, std::size_t keep) {
  PR_TRY(keys_.erase(use.number));
  for (auto part : {Part::hint, Part::released}) {
    // Left behind they would be taken for no hint and no bitmap: they fit this incarnation only.
    static_cast<void>(disk_.remove(path(use.log, use.number, part)));
  }
  if (free_[use.log].size() >= keep) {
    static_cast<void>(disk_.remove(path(use.log, use.number, Part::segment)));
  } else {
    free_[use.log].insert(use.number);
  }
  PR_CRASH_POINT("journal.recycled");
  return {};
}

}  // namespace postrider::journal::local

// SPDX-License-Identifier: Apache-2.0
#include "journal/local/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "journal/local/blob_store.h"
#include "journal/local/frame.h"
#include "journal/local/hint_file.h"
#include "journal/local/key_slots.h"
#include "journal/local/released_file.h"
#include "journal/local/salvage.h"
#include "journal/local/segment_header.h"
#include "journal/local/stream_file.h"
#include "journal/local/walk.h"

namespace postrider::journal::local {
namespace {

class Verifier {
 public:
  Verifier(Disk& disk, const Key& wrapping) : disk_(disk), wrapping_(wrapping) {}

  Result<VerifyReport> run() {
    const auto identity = PR_TRY(StreamFile(disk_, wrapping_).load());
    if (!identity) return Error{Code::corrupt, "no journal is here"};
    report_.stream = hex({reinterpret_cast<const char*>(identity->stream.data()), identity->stream.size()});
    report_.epoch = identity->epoch;
    PR_TRY(open_uses());
    for (std::size_t i = 0; i < uses_.size(); ++i) PR_TRY(read_use(uses_[i], report_.segments[i]));
    count_live();
    check_blobs();
    return std::move(report_);
  }

 private:
  struct Opened {
    UsePtr use;
    UseKey key;
  };

  Result<void> open_uses() {
    const auto keys = PR_TRY(KeySlots::open(disk_, wrapping_, Open::existing));
    const auto slots = PR_TRY(keys.load());
    std::size_t files = 0;
    for (const auto log : {LogKind::spool, LogKind::events}) {
      for (const auto& name : PR_TRY(disk_.list(directory(log)))) files += name.ends_with(".seg") ? 1 : 0;
    }
    for (SegmentNumber number = 0; number < slots.size(); ++number) {
      const auto& slot = slots[number];
      const auto where = fmt::format("keys, segment {}", number);
      if (slot.state == KeySlots::State::damaged)
        report_.damage.push_back({where, "both copies of its key are damaged"});
      if (slot.state != KeySlots::State::used) continue;
      if (slot.single) report_.damage.push_back({where, "one copy of its key is damaged"});
      const auto name = path(slot.use.log, number, Part::segment);
      auto file = disk_.open(name, Open::existing);
      if (!file.ok()) {
        report_.damage.push_back({name, "the file is missing"});
        continue;
      }
      std::shared_ptr<File> opened = *std::move(file);
      PR_TRY(opened->drop_cache());
      const auto size = PR_TRY(opened->size());
      uses_.push_back({std::make_shared<Use>(slot.use, std::move(opened), size), slot.use});
      uses_.back().use->salvage = std::make_unique<Salvage>(*uses_.back().use->file, name);
    }
    report_.free_segments = files - std::min(files, uses_.size());
    std::ranges::sort(uses_, {}, [](const Opened& opened) { return opened.key.serial; });
    report_.segments.resize(uses_.size());
    return {};
  }

  Result<void> read_use(const Opened& opened, SegmentReport& report) {
    auto& use = *opened.use;
    report.path = path(use.log, use.number, Part::segment);
    report.log = use.log;
    report.serial = use.serial;
    const auto header = PR_TRY(read_header(use));
    if (header) report.epoch = header->epoch;
    const auto on_batch = [&](const FoundBatch& found) { note(use, found, report); };
    const auto on_damage = [&](std::uint64_t from, std::uint64_t to, Range sequences, Range items) {
      use.add_lost(use.log == LogKind::spool ? sequences : items, fmt::format("bytes {}-{}", from, to - 1),
                   "not what was written there");
    };
    const auto walked = PR_TRY(walk(use, {on_batch, on_damage}));
    if (!header && use.batches > 0)
      use.add_lost({}, fmt::format("bytes 0-{}", sector - 1), "its header is damaged");
    for (const auto offset : use.salvage->pages())
      use.add_lost({}, fmt::format("bytes {}-{}", offset, offset + page_bytes - 1), "cannot be read");
    report.state = use.batches == 0 ? SegmentReport::State::unused
                   : walked.closed  ? SegmentReport::State::closed
                                    : SegmentReport::State::open;
    report.batches = use.batches;
    report.bytes = walked.end;
    report.torn = walked.torn;
    report.first_sequence = use.first_sequence;
    report.first_item = use.first_item;
    report.items = use.next_item - use.first_item;
    Use fresh(opened.key, use.file, use.size);
    report.hint = PR_TRY(HintFile::read(disk_, fresh)).has_value();
    if (use.log == LogKind::spool) PR_TRY(ReleasedFile::read(disk_, use));
    report.damage = use.damage;
    return {};
  }

  void note(Use& use, const FoundBatch& found, SegmentReport& report) {
    use.add(found.batch);
    for (std::size_t i = 0; i < found.frames.size(); ++i) {
      if (!found.frames[i]) continue;
      const auto& frame = found.batch.frames[i];
      use.add_frame(frame);
      report.records += frame.records;
      FrameReader reader(*found.frames[i], frame.first_sequence);
      auto sequence = frame.first_sequence;
      while (const auto item = reader.next()) {
        if (item->type == FrameItem::Type::release) released_.push_back(item->sequence);
        if (item->type != FrameItem::Type::record) continue;
        if (item->body == Body::gone) released_.push_back(sequence);
        if (const auto blob = BlobRef::decode(item->bytes); blob && item->body == Body::blob)
          blobs_.emplace_back(sequence, *blob);
        ++sequence;
      }
      if (reader.failed()) use.add_lost({}, fmt::format("frame at {}", frame.offset), "it makes no sense");
    }
  }

  void count_live() {
    for (const auto& [use, key] : uses_)
      if (use->log == LogKind::spool && use->batches > 0) spool_.push_back(use);
    for (auto sequence : released_)
      if (const auto use = find_use(spool_, sequence)) use->release(sequence);
    for (std::size_t i = 0; i < uses_.size(); ++i) {
      report_.segments[i].live = uses_[i].use->live;
      report_.live += report_.segments[i].live;
    }
  }

  void check_blobs() {
    for (const auto& [sequence, blob] : blobs_) {
      const auto use = find_use(spool_, sequence);
      if (!use || !use->is_live(sequence)) continue;
      if (auto read = BlobStore::read(disk_, blob); !read.ok())
        report_.damage.push_back({fmt::format("blob of record {}", sequence), read.error().detail});
    }
  }

  Disk& disk_;
  const Key& wrapping_;
  VerifyReport report_;
  std::vector<Opened> uses_;
  std::vector<UsePtr> spool_;
  std::vector<std::uint64_t> released_;
  std::vector<std::pair<std::uint64_t, BlobRef>> blobs_;
};

}  // namespace

bool VerifyReport::sound() const {
  return damage.empty() &&
         std::ranges::all_of(segments, [](const SegmentReport& segment) { return segment.damage.empty(); });
}

Result<VerifyReport> verify(Disk& disk, const Key& wrapping) {
  return Verifier(disk, wrapping).run();
}

}  // namespace postrider::journal::local

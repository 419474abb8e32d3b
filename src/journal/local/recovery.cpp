// SPDX-License-Identifier: Apache-2.0
#include "journal/local/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/crash_point.h"
#include "journal/local/file_io.h"
#include "journal/local/frame_source.h"
#include "journal/local/released_file.h"
#include "journal/local/salvage.h"
#include "journal/local/walk.h"

namespace postrider::journal::local {
namespace {

std::optional<SegmentNumber> segment_number(std::string_view name) {
  if (!name.ends_with(".seg")) return std::nullopt;
  name.remove_suffix(4);
  SegmentNumber number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

std::string bytes_of(std::uint64_t from, std::uint64_t to) {
  return fmt::format("bytes {}-{}", from, to - 1);
}

}  // namespace

Result<std::unique_ptr<Engine>> Recovery::run(const Journal::Live& live) {
  for (const char* name : {"spool", "events", "blobs"}) {
    PR_TRY(ground_.disk.make_directory(name));
    // A file that a killed process made may be here and not yet be durable.
    PR_TRY(ground_.disk.sync_directory(name));
  }
  PR_TRY(ground_.disk.sync_directory(""));
  PR_TRY(list());
  StreamFile stream(ground_.disk, ground_.wrapping);
  const auto known = PR_TRY(stream.load());
  auto keys = PR_TRY(KeySlots::open(ground_.disk, ground_.wrapping, Open::create_or_open));
  PR_TRY(keys.settle());
  PR_TRY(open_uses(keys));
  if (known) {
    identity_ = *known;
  } else if (!taken_.empty()) {
    return Error{Code::corrupt, "the file `stream` is missing, though there are segments"};
  } else {
    ground_.random.fill(identity_.stream);
    identity_.incarnation = ground_.random.next() | 1;
  }
  // The events tell what need not be carried over again, so they come first.
  PR_TRY(load(LogKind::events));
  PR_TRY(load(LogKind::spool));
  count_numbers();

  ++identity_.epoch;
  PR_TRY(stream.store(identity_, ground_.random));
  auto engine = std::make_unique<Engine>(ground_, identity_, std::move(keys));
  PR_TRY(settle(*engine));
  PR_TRY(restore(*engine, live));
  report_.epoch = identity_.epoch;
  report_.live = engine->spool.live();
  return engine;
}

void Recovery::quarantine(const std::vector<Quarantine>& damage, std::size_t from) {
  for (auto i = from; i < damage.size(); ++i) quarantine(damage[i].where, damage[i].why);
}

void Recovery::quarantine(std::string where, std::string why) {
  ground_.log.alarm("journal_quarantined", {{"where", where}, {"why", why}});
  report_.quarantined.push_back({std::move(where), std::move(why)});
}

Result<void> Recovery::list() {
  for (const auto log : {LogKind::spool, LogKind::events}) {
    for (const auto& name : PR_TRY(ground_.disk.list(directory(log)))) {
      if (const auto number = segment_number(name)) files_.of(log).insert(*number);
    }
  }
  return {};
}

Result<void> Recovery::open_uses(const KeySlots& keys) {
  const auto slots = PR_TRY(keys.load());
  for (SegmentNumber number = 0; number < slots.size(); ++number) {
    const auto& slot = slots[number];
    if (slot.single) to_mend_.push_back(number);
    if (slot.state == KeySlots::State::empty) continue;
    taken_.insert(number);
    if (slot.state == KeySlots::State::damaged) {
      quarantine(fmt::format("keys, segment {}", number), "both copies of its key are damaged");
      continue;
    }
    const auto name = path(slot.use.log, number, Part::segment);
    auto file = open_settled(ground_.disk, name);
    if (!file.ok() && file.error().code == Code::not_found) {
      quarantine(name, "the file is missing");
      continue;
    }
    std::shared_ptr<File> opened = PR_TRY(std::move(file));
    const auto size = PR_TRY(opened->size());
    auto use = std::make_shared<Use>(slot.use, std::move(opened), size);
    use->salvage = std::make_unique<Salvage>(*use->file, name);
    found_.push_back({std::move(use), {}});
  }
  std::ranges::sort(found_, {}, [](const Found& found) { return found.use->serial; });
  return {};
}

// One log, in the order it was written.
Result<void> Recovery::load(LogKind log) {
  std::uint64_t next_sequence = 0, next_item = 0;
  Found* last = nullptr;
  for (auto& found : found_) {
    if (found.use->log != log) continue;
    // A lost beginning begins where the use before ended.
    found.use->first_sequence = found.use->next_sequence = next_sequence;
    found.use->first_item = found.use->next_item = next_item;
    PR_TRY(load(found));
    if (found.unused || found.lost) continue;
    if (last && !last->use->closed) {
      // A crash leaves only the last use open. Numbers have no gaps, so those missing stood at its end.
      auto& broken = *last->use;
      const Range sequences{broken.next_sequence, found.use->first_sequence};
      const Range items{broken.next_item, found.use->first_item};
      broken.add_lost(log == LogKind::spool ? sequences : items, bytes_of(broken.end, broken.size),
                      "its end is missing");
      broken.next_sequence = std::max(broken.next_sequence, sequences.next);
      broken.next_item = std::max(broken.next_item, items.next);
      broken.closed = true;
      last->tail = false;
    }
    last = &found;
    last->tail = !last->use->closed;
    next_sequence = found.use->next_sequence;
    next_item = found.use->next_item;
    if (log == LogKind::events) identity_.carried_item = std::max(identity_.carried_item, next_item);
  }
  if (last && last->tail) close_unreadable(*last);
  for (const auto& found : found_)
    if (found.use->log == log) quarantine(found.use->damage);
  return {};
}

Result<void> Recovery::load(Found& found) {
  auto& use = *found.use;
  const auto header = PR_TRY(read_header(use));
  if (header) {
    use.next_sequence = std::max(use.next_sequence, header->first_sequence);
    use.next_item = std::max(use.next_item, header->first_item);
  }
  found.hint = PR_TRY(HintFile::read(ground_.disk, use));
  if (found.hint) {
    if (use.log == LogKind::spool && use.next_item > identity_.carried_item) PR_TRY(collect_items(use));
  } else {
    PR_TRY(walk_use(found));
    found.unused = use.batches == 0;
  }
  if (!header && !found.unused && use.damage.empty())
    use.add_lost({}, bytes_of(0, sector), "its header is damaged");
  note_unreadable(found);
  return {};
}

// What the walk has not counted as damage all the same: events that a hint promises, the numbers of a whole
// use.
void Recovery::note_unreadable(Found& found) {
  auto& use = *found.use;
  for (const auto offset : use.salvage->pages())
    use.add_lost({}, bytes_of(offset, offset + page_bytes), "cannot be read");
  if (use.salvage->pages().empty() || !found.unused) return;
  found.unused = false;
  found.lost = true;
  // However many records stood there, each took more than a byte.
  use.next_sequence += use.salvage->end();
  use.next_item += use.salvage->end();
}

// What cannot be read behind the last batch may have been acknowledged. Nothing may be written there, and the
// numbers that it may have had are not given out again.
void Recovery::close_unreadable(Found& tail) {
  auto& use = *tail.use;
  const auto end = use.salvage->end();
  if (end <= use.end) return;
  const Range sequences{use.next_sequence, use.next_sequence + end - use.end};
  const Range items{use.next_item, use.next_item + end - use.end};
  use.add_lost(use.log == LogKind::spool ? sequences : items, bytes_of(use.end, end),
               "its end cannot be read");
  use.next_sequence = sequences.next;
  use.next_item = items.next;
  use.closed = true;
  tail.tail = false;
}

Result<void> Recovery::walk_use(Found& found) {
  auto& use = *found.use;
  const bool spool = use.log == LogKind::spool;
  if (spool) use.hint = std::make_unique<HintBuilder>();
  Result<void> noted;
  const auto on_batch = [&](const FoundBatch& batch) {
    use.add(batch.batch);
    for (std::size_t i = 0; i < batch.frames.size(); ++i) {
      const auto& frame = batch.batch.frames[i];
      if (!batch.frames[i]) continue;
      use.add_frame(frame);
      if (spool) {
        if (auto note = note_content(use, frame, *batch.frames[i]); !note.ok()) noted = std::move(note);
      }
      FrameReader reader(*batch.frames[i], frame.first_sequence);
      auto number = frame.first_item;
      while (const auto next = reader.next()) {
        const bool numbered = next->type == FrameItem::Type::event || next->type == FrameItem::Type::claim;
        if (spool && numbered) item(number++, *next);
        if (!spool && frame.items == 0) {
          const auto claim = decode_claim(next->bytes);
          if (claim) use.claims_until = std::max(use.claims_until, claim->expires);
        }
      }
    }
  };
  const auto on_damage = [&](std::uint64_t from, std::uint64_t to, Range sequences, Range items) {
    use.add_lost(spool ? sequences : items, bytes_of(from, to), "not what was written there");
  };
  const auto walked = PR_TRY(walk(use, {on_batch, on_damage}));
  PR_TRY(std::move(noted));
  use.end = walked.end;
  if (walked.torn)
    ground_.log.warning("journal_torn_batch",
                        {{"where", path(use.log, use.number, Part::segment)}, {"offset", use.end}});
  if (spool) found.hint = HintFile::of(*use.hint);
  return {};
}

// The use has a hint, and the crash came before its events were carried over.
Result<void> Recovery::collect_items(const Use& use) {
  const auto on_batch = [&](const FoundBatch& batch) {
    for (std::size_t i = 0; i < batch.frames.size(); ++i) {
      const auto& frame = batch.batch.frames[i];
      if (!batch.frames[i] || frame.items == 0) continue;
      FrameReader reader(*batch.frames[i], frame.first_sequence);
      auto number = frame.first_item;
      while (const auto next = reader.next()) {
        if (next->type == FrameItem::Type::event || next->type == FrameItem::Type::claim)
          item(number++, *next);
      }
    }
  };
  PR_TRY(walk(use, {on_batch, [](std::uint64_t, std::uint64_t, Range, Range) {}}));
  return {};
}

void Recovery::item(std::uint64_t number, const FrameItem& item) {
  if (number >= identity_.carried_item) items_.push_back({number, item.type, std::string(item.bytes)});
}

void Recovery::count_numbers() {
  for (const auto& found : found_) {
    identity_.next_sequence = std::max(identity_.next_sequence, found.use->next_sequence);
    identity_.next_item = std::max(identity_.next_item, found.use->next_item);
  }
}

// From here on there are writes.
Result<void> Recovery::settle(Engine& engine) {
  auto& pool = engine.pool;
  for (const auto number : to_mend_) PR_TRY(pool.keys().mend(number));
  for (const auto number : taken_) pool.note_number(number);
  for (const auto log : {LogKind::spool, LogKind::events}) {
    for (const auto number : files_.of(log)) {
      pool.note_number(number);
      if (!taken_.contains(number)) pool.add_free(log, number);
    }
  }
  for (auto& found : found_) {
    auto& use = *found.use;
    pool.note_serial(use.serial);
    use.salvage.reset();
    if (found.lost) continue;
    if (found.unused) {
      PR_TRY(pool.keys().erase(use.number));
      pool.add_free(use.log, use.number);
      continue;
    }
    if (found.tail) use.add(PR_TRY(write_end(use, ground_.clock.wall(), engine.nonces)));
    (use.log == LogKind::spool ? engine.spool.segments() : engine.events.segments()).adopt(found.use);
  }
  return {};
}

Result<void> Recovery::restore(Engine& engine, const Journal::Live& live) {
  auto& spool = engine.spool;
  for (const auto& use : spool.segments().uses()) {
    const auto known = use->damage.size();
    PR_TRY(ReleasedFile::read(ground_.disk, *use));
    quarantine(use->damage, known);
  }
  std::uint64_t total = 0;
  for (const auto& found : found_) {
    if (found.unused || found.lost || found.use->log != LogKind::spool) continue;
    found.hint->each_release([&](std::uint64_t sequence) { spool.restore_release(sequence, *found.use); });
  }
  for (auto& found : found_) {
    if (found.unused || found.lost || found.use->log != LogKind::spool) continue;
    const auto& use = *found.use;
    total += use.live;
    if (use.live == 0) continue;
    found.hint->each_record([&](const HintRecord& record) {
      if (!use.is_live(record.sequence.value)) return;
      if (record.body == Body::blob) engine.blobs.hold(record.sequence, record.blob);
      live(record.sequence, record.label);
    });
    found.hint.reset();
  }
  spool.restore_live(total);
  PR_TRY(engine.blobs.remove_orphans());

  engine.events.restore(identity_.carried_item);
  PR_TRY(restore_claims(engine));
  if (PR_MUTANT(11)) return {};  // planted: what was not carried over yet is lost
  std::lock_guard lock(engine.mutex);
  for (const auto& item : items_) {
    if (item.type == FrameItem::Type::event) {
      engine.events.add_event(item.number, item.bytes);
    } else if (const auto claim = decode_claim(item.bytes)) {
      engine.claims.put(*claim);
      engine.events.add_claim(item.number, item.bytes, claim->expires);
    }
  }
  return {};
}

Result<void> Recovery::restore_claims(Engine& engine) {
  const auto now = ground_.clock.wall();
  for (const auto& use : engine.events.segments().uses()) {
    if (use->claims_until <= now) continue;
    for (const auto& place : use->claim_frames) {
      const auto plain = read_frame_for_good(*use, place);
      if (!plain.ok()) {
        if (plain.error().code != Code::corrupt) return plain.error();
        quarantine(path(use->log, use->number, Part::segment), "claims in it are damaged");
        continue;
      }
      FrameReader reader(*plain, 0);
      while (const auto item = reader.next()) {
        const auto claim = decode_claim(item->bytes);
        if (claim && claim->expires > now) engine.claims.put(*claim);
      }
    }
  }
  return {};
}

}  // namespace postrider::journal::local

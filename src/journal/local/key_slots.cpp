// SPDX-License-Identifier: Apache-2.0
#include "journal/local/key_slots.h"

#include <algorithm>

#include "base/codec.h"
#include "base/crash_point.h"
#include "journal/local/file_io.h"
#include "journal/local/salvage.h"

namespace postrider::journal::local {
namespace {

constexpr std::uint32_t magic = 0x4b4a5250;  // "PRJK"
constexpr SegmentNumber per_page = page_bytes / sector;
constexpr std::uint64_t growth = 8 * page_bytes;  // 32 segments more

// First copies lie in even pages, second copies in odd ones.
std::uint64_t offset_of(SegmentNumber number, int copy) {
  return (number / per_page * 2 + static_cast<std::uint64_t>(copy)) * page_bytes + number % per_page * sector;
}

std::string prefix_of(const UseKey& use) {
  Writer out;
  out.u32(magic);
  out.u16(format_version);
  out.u8(static_cast<std::uint8_t>(use.log));
  out.u8(0);
  out.u32(use.number);
  out.u64(use.serial);
  out.raw({reinterpret_cast<const char*>(use.incarnation.data()), use.incarnation.size()});
  return out.take();
}

constexpr std::size_t prefix_size = 36;
constexpr std::size_t slot_size = prefix_size + Sealer::overhead + sizeof(Key);

}  // namespace

Result<KeySlots> KeySlots::open(Disk& disk, const Key& wrapping, Open how) {
  auto file = PR_TRY(disk.open("keys", how));
  return KeySlots(std::move(file), wrapping);
}

Result<void> KeySlots::settle() {
  PR_TRY(sync(*file_));
  return file_->drop_cache();
}

KeySlots::Slot KeySlots::decode(SegmentNumber number, std::string_view copy) const {
  if (std::ranges::all_of(copy, [](char c) { return c == 0; })) return {};
  const Slot damaged{State::damaged, {}, false};
  if (copy.size() < slot_size) return damaged;
  Reader in(copy);
  Slot slot{State::used, {}, false};
  const bool ours = in.u32() == magic && in.u16() == format_version;
  const auto log = in.u8();
  in.u8();
  slot.use.number = in.u32();
  slot.use.serial = in.u64();
  in.raw(slot.use.incarnation.size())
      .copy(reinterpret_cast<char*>(slot.use.incarnation.data()), slot.use.incarnation.size());
  if (!ours || (log != 1 && log != 2) || slot.use.number != number) return damaged;
  slot.use.log = static_cast<LogKind>(log);
  auto key = sealer_->open(copy.substr(0, prefix_size), in.raw(Sealer::overhead + sizeof(Key)));
  if (!key.ok() || key->size() != sizeof(Key)) return damaged;
  key->copy(reinterpret_cast<char*>(slot.use.key.data()), sizeof(Key));
  return slot;
}

// A copy of zeros beside a damaged one: the key was deleted, or never finished.
const KeySlots::Slot& KeySlots::Copies::best() const {
  const bool second_is = (second.state == State::used && first.state != State::used) ||
                         (second.state == State::empty && first.state == State::damaged);
  return second_is ? second : first;
}

KeySlots::Copies KeySlots::decode(SegmentNumber number, std::string_view first,
                                  std::string_view second) const {
  const auto at = number % per_page * sector;
  return {decode(number, first.substr(at, sector)), decode(number, second.substr(at, sector))};
}

Result<std::vector<KeySlots::Slot>> KeySlots::load() const {
  Salvage salvage(*file_, "keys");
  const auto size = PR_TRY(file_->size());
  std::vector<Slot> slots;
  for (SegmentNumber begin = 0; offset_of(begin, 1) + page_bytes <= size; begin += per_page) {
    const auto first = PR_TRY(salvage.read(offset_of(begin, 0), page_bytes));
    const auto second = PR_TRY(salvage.read(offset_of(begin, 1), page_bytes));
    for (auto number = begin; number < begin + per_page; ++number) {
      const auto copies = decode(number, first, second);
      slots.push_back(copies.best());
      slots.back().single = copies.first.state != copies.second.state;
    }
  }
  return slots;
}

Result<void> KeySlots::mend(SegmentNumber number) {
  Salvage salvage(*file_, "keys");
  const auto begin = number / per_page * per_page;
  std::string pages[2];
  for (const int copy : {0, 1}) pages[copy] = PR_TRY(salvage.read(offset_of(begin, copy), page_bytes));
  const std::string before[2] = {pages[0], pages[1]};
  for (auto slot = begin; slot < begin + per_page; ++slot) {
    const auto copies = decode(slot, before[0], before[1]);
    const bool second_is = &copies.best() == &copies.second;
    const auto at = slot % per_page * sector;
    pages[second_is ? 0 : 1].replace(at, sector, before[second_is ? 1 : 0], at, sector);
  }
  for (const int copy : {0, 1}) {
    if (pages[copy] == before[copy]) continue;
    PR_TRY(file_->write(offset_of(begin, copy), pages[copy]));
    PR_TRY(sync(*file_));
  }
  return {};
}

Result<void> KeySlots::write(const UseKey& use, NonceSource& nonces) {
  if (offset_of(use.number, 1) + sector > PR_TRY(file_->size())) {
    PR_TRY(file_->allocate((offset_of(use.number, 1) / growth + 1) * growth));
  }
  std::string slot = prefix_of(use);
  const std::string aad = slot;
  sealer_->seal(nonces.next(), aad, {reinterpret_cast<const char*>(use.key.data()), use.key.size()}, slot);
  slot.resize(sector);
  PR_TRY(file_->write(offset_of(use.number, 0), slot));
  PR_TRY(file_->write(offset_of(use.number, 1), slot));
  PR_CRASH_POINT("journal.key_written");
  PR_TRY(sync(*file_));
  PR_CRASH_POINT("journal.key_durable");
  return {};
}

Result<void> KeySlots::erase(SegmentNumber number) {
  const std::string zeros(sector, '\0');
  PR_TRY(file_->write(offset_of(number, 0), zeros));
  PR_TRY(file_->write(offset_of(number, 1), zeros));
  PR_CRASH_POINT("journal.key_erased");
  PR_TRY(sync(*file_));
  PR_CRASH_POINT("journal.key_gone");
  return {};
}

}  // namespace postrider::journal::local

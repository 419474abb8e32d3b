// SPDX-License-Identifier: Apache-2.0
#include "testing/sectors.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace postrider::testing {
namespace {

void copy_sectors(char* to, const char* from, std::uint8_t which) {
  if (which == 0xff) {
    std::memcpy(to, from, 8 * Sectors::sector);
    return;
  }
  for (std::size_t i = 0; which != 0; ++i, which = static_cast<std::uint8_t>(which >> 1)) {
    if (which & 1) std::memcpy(to + i * Sectors::sector, from + i * Sectors::sector, Sectors::sector);
  }
}

std::uint8_t mask(std::size_t first_byte, std::size_t end_byte) {
  const auto first = first_byte / Sectors::sector;
  const auto end = (end_byte + Sectors::sector - 1) / Sectors::sector;
  return static_cast<std::uint8_t>((1u << end) - (1u << first));
}

}  // namespace

std::size_t Sectors::read(std::uint64_t offset, std::span<char> into) const {
  if (offset >= size_) return 0;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - offset));
  for (std::size_t done = 0; done < count;) {
    const auto at = static_cast<std::size_t>((offset + done) % page_bytes);
    const auto part = std::min(count - done, page_bytes - at);
    if (const auto* page = page_at(offset + done)) {
      std::memcpy(into.data() + done, page->cache + at, part);
    } else {
      std::memset(into.data() + done, 0, part);
    }
    done += part;
  }
  return count;
}

void Sectors::write(std::uint64_t offset, std::string_view bytes) {
  size_ = std::max<std::uint64_t>(size_, offset + bytes.size());
  while (!bytes.empty()) {
    const auto at = static_cast<std::size_t>(offset % page_bytes);
    const auto part = std::min(bytes.size(), page_bytes - at);
    auto& page = touch(offset / page_bytes);
    std::memcpy(page.cache + at, bytes.data(), part);
    page.dirty |= mask(at, at + part);
    page.stale = static_cast<std::uint8_t>(page.stale & ~page.dirty);
    list(offset / page_bytes);
    bytes.remove_prefix(part);
    offset += part;
  }
}

void Sectors::resize(std::uint64_t size) {
  for (auto index = size / page_bytes; size < size_ && index < pages_.size(); ++index) {
    auto* page = pages_[index].get();
    if (!page) continue;
    const auto from = index == size / page_bytes ? static_cast<std::size_t>(size % page_bytes) : 0;
    std::memset(page->cache + from, 0, page_bytes - from);
    page->dirty |= mask(from, page_bytes);
    page->stale = static_cast<std::uint8_t>(page->stale & ~page->dirty);
    list(index);
  }
  size_ = size;
}

void Sectors::sync() {
  settle_each([](Page& page) {
    copy_sectors(page.media, page.cache, page.dirty);
    page.dirty = 0;
  });
  durable_size_ = size_;
}

void Sectors::fail_sync() {
  settle_each([](Page& page) {
    page.stale |= page.dirty;
    page.dirty = 0;
  });
}

void Sectors::drop_cache() {
  settle_each([](Page& page) {
    copy_sectors(page.cache, page.media, page.stale);
    page.stale = 0;
  });
}

void Sectors::power_cut(SeededRandom& random, Unsynced fate) {
  if (fate == Unsynced::random) {
    const auto draw = random.between(0, 4);
    if (draw == 0) fate = Unsynced::lost;
    if (draw == 1) fate = Unsynced::kept;
    if (draw == 2) return power_cut_amid(random);
  }
  const auto arrives = [&](std::uint8_t dirty) -> std::uint8_t {
    if (fate == Unsynced::lost) return 0;
    if (fate == Unsynced::kept) return dirty;
    return static_cast<std::uint8_t>(dirty & random.word());
  };
  settle_each([&](Page& page) {
    copy_sectors(page.media, page.cache, arrives(page.dirty));
    copy_sectors(page.cache, page.media, page.dirty | page.stale);
    page.dirty = page.stale = 0;
  });
  const bool size_arrives = fate == Unsynced::kept || (fate == Unsynced::random && random.one_in(2));
  if (size_arrives) durable_size_ = size_;
  resize(durable_size_);  // sectors beyond it may have arrived, but nobody can reach them
  sync();
}

// The device wrote from front to back and was interrupted: what a long write most often leaves.
void Sectors::power_cut_amid(SeededRandom& random) {
  std::ranges::sort(unequal_);
  std::uint64_t dirty = 0;
  for (const auto index : unequal_) dirty += static_cast<std::uint64_t>(std::popcount(pages_[index]->dirty));
  auto left = random.between(0, dirty);
  settle_each([&](Page& page) {
    std::uint8_t arrived = 0;
    for (unsigned bit = 0; bit < 8 && left > 0; ++bit) {
      if (!(page.dirty & (1u << bit))) continue;
      arrived = static_cast<std::uint8_t>(arrived | (1u << bit));
      --left;
    }
    copy_sectors(page.media, page.cache, arrived);
    copy_sectors(page.cache, page.media, page.dirty | page.stale);
    page.dirty = page.stale = 0;
  });
  durable_size_ = size_;
  sync();
}

void Sectors::rot(std::uint64_t offset, unsigned bit) {
  auto& page = touch(offset / page_bytes);
  const auto at = static_cast<std::size_t>(offset % page_bytes);
  page.media[at] = static_cast<char>(page.media[at] ^ (1 << bit));
  page.stale = static_cast<std::uint8_t>(page.stale | (mask(at, at + 1) & ~page.dirty));
  list(offset / page_bytes);
}

Sectors::Page& Sectors::touch(std::uint64_t index) {
  if (index >= pages_.size()) pages_.resize(index + 1);
  auto& page = pages_[index];
  if (!page) page = std::make_unique<Page>();
  return *page;
}

void Sectors::list(std::uint64_t index) {
  auto& page = *pages_[index];
  if (page.listed) return;
  page.listed = true;
  unequal_.push_back(index);
}

template <class Settle>
void Sectors::settle_each(Settle settle) {
  std::erase_if(unequal_, [&](std::uint64_t index) {
    auto& page = *pages_[index];
    settle(page);
    page.listed = page.dirty != 0 || page.stale != 0;
    return !page.listed;
  });
}

}  // namespace postrider::testing

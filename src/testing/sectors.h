// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "testing/seeded_random.h"

namespace postrider::testing {

// What a power cut makes of data that was written and not synced.
enum class Unsynced {
  random,  // each sector by itself arrived or not; or all from the front up to some place; or all; or none
  lost,
  kept,
};

// The bytes of one simulated file twice over: as the page cache shows them and as they are on the media. The
// unit that reaches the media whole or not at all is a sector of 512 bytes; a sector written twice before a
// sync arrives as last written or not at all. Pages nobody touched take no memory, so a preallocated segment
// costs nothing.
class Sectors {
 public:
  static constexpr std::size_t sector = 512;

  std::uint64_t size() const { return size_; }
  std::size_t read(std::uint64_t offset, std::span<char> into) const;
  void write(std::uint64_t offset, std::string_view bytes);
  void resize(std::uint64_t size);  // shrinking zeroes what is cut off

  void sync();
  // As Linux does after EIO: the sectors count as clean, the cache still shows them, the media never got
  // them.
  void fail_sync();
  void drop_cache();  // clean sectors are read from the media again
  void power_cut(SeededRandom& random, Unsynced fate);

  // Flips one bit of the media in [offset, offset + 1); the cache shows it only after drop_cache or a power
  // cut.
  void rot(std::uint64_t offset, unsigned bit);
  std::uint64_t durable_size() const { return durable_size_; }
  bool written(std::uint64_t offset) const { return page_at(offset) != nullptr; }  // not a hole

 private:
  void power_cut_amid(SeededRandom& random);
  static constexpr std::size_t page_bytes = 4096;
  static constexpr std::size_t sectors_per_page = page_bytes / sector;
  struct Page {
    char cache[page_bytes] = {};
    char media[page_bytes] = {};
    std::uint8_t dirty = 0;  // bit per sector: written, not synced
    std::uint8_t stale = 0;  // bit per sector: clean, yet the media holds something else
    bool listed = false;     // in unequal_
  };

  const Page* page_at(std::uint64_t offset) const {
    const auto index = offset / page_bytes;
    return index < pages_.size() ? pages_[index].get() : nullptr;
  }
  Page& touch(std::uint64_t index);
  void list(std::uint64_t index);
  template <class Settle>
  void settle_each(Settle settle);

  std::uint64_t size_ = 0;
  std::uint64_t durable_size_ = 0;
  std::vector<std::unique_ptr<Page>> pages_;
  std::vector<std::uint64_t> unequal_;  // pages with a dirty or stale sector
};

}  // namespace postrider::testing

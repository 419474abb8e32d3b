// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/disk.h"
#include "journal/local/format.h"

namespace postrider::journal::local {

// Reads a file of which the device does not give everything: a start must not fail over one bad sector. What
// stays unreadable, page by page and tried again, reads as `unreadable`, which is never authentic and never
// blank, so it becomes damage like any other. A file that has lost more than `most` is no matter of bad
// sectors but of a disk that fails: an error, before anything is written there. One thread.
class Salvage {
 public:
  static constexpr char unreadable = '\xff';
  static constexpr std::uint64_t most = 1 << 20;  // bytes

  // `path` is for the words of errors. The file outlives this.
  Salvage(const File& file, std::string path) : file_(&file), path_(std::move(path)) {}

  // As read_at().
  Result<std::string> read(std::uint64_t offset, std::size_t size);

  // Where it met what cannot be read: offsets of pages, and the end of the last one (0 when none).
  const std::set<std::uint64_t>& pages() const { return pages_; }
  std::uint64_t end() const { return pages_.empty() ? 0 : *pages_.rbegin() + page_bytes; }

 private:
  Result<std::string> piece(std::uint64_t offset, std::size_t size);

  const File* file_;
  std::string path_;
  std::set<std::uint64_t> pages_;
};

}  // namespace postrider::journal::local

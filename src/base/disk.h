// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace postrider {

// An open file. Offsets and sizes are bytes. Reads may run on any thread; writes, truncate and sync belong to
// one thread at a time. Destruction closes.
class File {
 public:
  virtual ~File() = default;
  // Reads up to into.size() bytes at offset; fewer only at the end of the file. 0 = at or past the end.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<char> into) const = 0;
  // Writes all of it or fails; after a failure any part may have been written.
  virtual Result<void> write(std::uint64_t offset, std::string_view bytes) = 0;
  // Durable on return: data and size. After an error nothing is known of any unsynced write, and asking
  // again may lie: whoever sees an error must never sync this file again (assurance 4.1, PostgreSQL).
  virtual Result<void> sync() = 0;
  virtual Result<void> truncate(std::uint64_t size) = 0;
  virtual Result<std::uint64_t> size() const = 0;
  // Allocates [0, size) so that later writes there need no metadata; sets the size.
  virtual Result<void> allocate(std::uint64_t size) = 0;
  // Forgets cached pages, so that the next reads see the device: recovery uses it.
  virtual Result<void> drop_cache() = 0;
};

enum class Open { existing, create_new, create_or_open };

// The file system below one data directory. Paths are relative to it, with '/' between parts.
// Creating, renaming or removing a name is durable only after sync_directory of its parent. Any thread.
class Disk {
 public:
  virtual ~Disk() = default;
  virtual Result<std::unique_ptr<File>> open(std::string_view path, Open how) = 0;
  virtual Result<void> rename(std::string_view from, std::string_view to) = 0;
  virtual Result<void> remove(std::string_view path) = 0;
  virtual Result<void> make_directory(std::string_view path) = 0;            // fine if it is there already
  virtual Result<std::vector<std::string>> list(std::string_view path) = 0;  // names of files, sorted
  virtual Result<void> sync_directory(std::string_view path) = 0;
  struct Space {
    std::uint64_t total = 0;
    std::uint64_t free = 0;
  };
  virtual Result<Space> space() = 0;
};

}  // namespace postrider

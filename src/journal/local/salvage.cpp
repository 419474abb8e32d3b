// SPDX-License-Identifier: Apache-2.0
#include "journal/local/salvage.h"

#include <fmt/format.h>

#include <algorithm>

#include "journal/local/file_io.h"

namespace postrider::journal::local {
namespace {

constexpr int page_tries = 2;

}  // namespace

Result<std::string> Salvage::read(std::uint64_t offset, std::size_t size) {
  // A drive may try a bad sector for seconds, so what is known to be bad is not asked for again.
  const auto known = pages_.lower_bound(offset / page_bytes * page_bytes);
  if (known == pages_.end() || *known >= offset + size) {
    auto whole = read_at(*file_, offset, size);
    if (whole.ok() || whole.error().code != Code::io) return whole;
  }
  std::string bytes;
  while (bytes.size() < size) {
    const auto at = offset + bytes.size();
    const auto part = std::min<std::uint64_t>(size - bytes.size(), page_bytes - at % page_bytes);
    bytes += PR_TRY(piece(at, part));
    if (bytes.size() < at - offset + part) break;  // the end of the file
  }
  return bytes;
}

// Within one page.
Result<std::string> Salvage::piece(std::uint64_t offset, std::size_t size) {
  const auto start = offset / page_bytes * page_bytes;
  for (int tries = 1; !pages_.contains(start); ++tries) {
    auto bytes = read_at(*file_, offset, size);
    if (bytes.ok() || bytes.error().code != Code::io) return bytes;
    if (tries < page_tries) continue;
    pages_.insert(start);
    if (pages_.size() * page_bytes > most)
      return Error{Code::io, fmt::format("{}: more than {} KiB cannot be read ({}). The disk fails: copy the "
                                         "data directory to another one with what can be read of it",
                                         path_, most >> 10, bytes.error().detail)};
  }
  const auto end = PR_TRY(file_->size());
  return std::string(std::min<std::uint64_t>(size, end - std::min(end, offset)), unreadable);
}

}  // namespace postrider::journal::local

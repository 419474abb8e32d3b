// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/disk.h"
#include "journal/journal.h"
#include "journal/local/format.h"

namespace postrider::journal::local {

// What one use of a segment file holds.
struct SegmentReport {
  std::string path;
  LogKind log = LogKind::spool;
  std::uint64_t serial = 0;
  std::uint32_t epoch = 0;
  enum class State { unused, open, closed } state = State::unused;
  std::uint64_t batches = 0, bytes = 0;
  std::uint64_t records = 0, live = 0;  // spool
  std::uint64_t items = 0;              // events and claims
  std::uint64_t first_sequence = 0, first_item = 0;
  bool hint = false;
  bool torn = false;  // an incomplete last batch, which a restart leaves out
  std::vector<Quarantine> damage;
};

struct VerifyReport {
  std::string stream;  // hex
  std::uint32_t epoch = 0;
  std::vector<SegmentReport> segments;  // in the order they were written, both logs
  std::size_t free_segments = 0;
  std::uint64_t live = 0;
  std::vector<Quarantine> damage;  // of what is no segment: keys, missing files, blobs
  bool sound() const;
};

// Reads every byte of a journal that nobody writes to, authenticates it, and changes nothing. `postrider
// journal verify` prints it. corrupt = it cannot be read at all, or not with this key.
Result<VerifyReport> verify(Disk& disk, const Key& wrapping);

}  // namespace postrider::journal::local

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "base/disk.h"
#include "base/random.h"
#include "journal/local/format.h"
#include "journal/local/sealer.h"

namespace postrider::journal::local {

struct StreamIdentity {
  std::array<std::uint8_t, 16> stream{};
  std::uint64_t incarnation = 0;  // of the event log, for cursors; never 0
  std::uint32_t epoch = 0;
  // Numbers in use at the time of writing; what the segments say counts when it is more.
  std::uint64_t next_sequence = 1;
  std::uint64_t next_item = 1;     // the next event or claim
  std::uint64_t carried_item = 1;  // everything below is, or was, in the event log
};

// The file `stream`: who this journal is and which epoch it is in. Two copies in different pages; advance()
// makes the first durable before it touches the second, so there is always a good one, and a single bad page
// cannot turn the epoch back.
class StreamFile {
 public:
  StreamFile(Disk& disk, const Key& wrapping) : disk_(disk), sealer_(wrapping) {}

  // nullopt: no journal was ever made here, or its making was cut off. corrupt: there are bytes and none are
  // ours.
  Result<std::optional<StreamIdentity>> load() const;
  // Nonces are random here: the epoch that other nonces count in is what this makes durable.
  Result<void> store(const StreamIdentity& identity, Random& random);

 private:
  Disk& disk_;
  Sealer sealer_;
};

}  // namespace postrider::journal::local

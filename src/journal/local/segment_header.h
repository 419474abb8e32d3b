// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "journal/local/use.h"

namespace postrider::journal::local {

using StreamId = std::array<std::uint8_t, 16>;

// The first sector of a segment file: which use this is. Durable before the first batch.
struct SegmentHeader {
  StreamId stream{};
  std::uint32_t epoch = 0;
  // What the next record and item would have been when the use was prepared: so numbers stay used when
  // everything that had them is gone.
  std::uint64_t first_sequence = 0;
  std::uint64_t first_item = 0;
};

Result<void> write_header(const Use& use, const SegmentHeader& header, NonceSource& nonces);
// nullopt: not the header of this use.
Result<std::optional<SegmentHeader>> read_header(const Use& use);

}  // namespace postrider::journal::local

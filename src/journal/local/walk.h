// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "journal/local/use.h"

namespace postrider::journal::local {

// A batch as it was found: the plain bytes of each frame, or nothing where a frame is damaged.
struct FoundBatch {
  Batch batch;
  std::vector<std::optional<std::string>> frames;
  bool trailer = false;
  bool whole() const;
};

// What a walk over a use finds, in file order.
struct WalkVisitor {
  std::function<void(const FoundBatch&)> batch;
  // These bytes are not what was written, though something authentic follows them. The sequences and items
  // that stood there are lost.
  std::function<void(std::uint64_t from, std::uint64_t to, Range sequences, Range items)> damage;
};

struct Walked {
  std::uint64_t end = 0;  // where the next batch would go
  bool closed = false;    // an end batch stands there
  bool torn = false;      // an incomplete last batch was left out
};

// Reads everything authentic of a use. A batch that is not whole is left out when nothing authentic follows
// it (the crash tore it: it was never acknowledged); anywhere else its damaged frames are damage and the
// others are served.
Result<Walked> walk(const Use& use, const WalkVisitor& visitor);

}  // namespace postrider::journal::local

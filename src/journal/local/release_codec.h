// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "base/codec.h"
#include "journal/local/zigzag.h"

namespace postrider::journal::local {

// Released sequences, one varint each: the distance from the last or from the one before it, whichever is
// nearer. What settles a recipient releases an old record and a young one in turn, so each stays near its own
// predecessor.
class ReleaseContext {
 public:
  explicit ReleaseContext(std::uint64_t start) : last_(start), before_(start) {}

  void write(std::uint64_t sequence, Writer& out) {
    const auto near = zigzag(sequence, last_);
    const auto far = zigzag(sequence, before_);
    out.varint(far < near ? far << 1 | 1 : near << 1);
    note(sequence);
  }
  std::uint64_t read(Reader& in) {
    const auto coded = in.varint();
    const auto sequence = unzigzag(coded >> 1, (coded & 1) ? before_ : last_);
    note(sequence);
    return sequence;
  }

 private:
  void note(std::uint64_t sequence) {
    before_ = last_;
    last_ = sequence;
  }
  std::uint64_t last_, before_;
};

}  // namespace postrider::journal::local

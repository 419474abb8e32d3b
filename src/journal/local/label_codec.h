// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "base/codec.h"
#include "journal/journal.h"

namespace postrider::journal::local {

// Where the bytes of a record are.
enum class Body : std::uint8_t {
  here,
  blob,     // in a file of its own; a BlobRef stands here
  gone,     // nowhere: a move whose record had been released before. The place is taken, nothing lives there
  damaged,  // nowhere: a move whose record could not be read any more
};

// What the labels before this one in the same frame or hint make cheap to say: the owner of the last one; per
// kind the recipient after the last and the last lane; the last due time. Writer and reader keep the same
// one.
class LabelContext {
 public:
  // Six bits; they share a byte with what the caller puts into the lower two.
  static constexpr unsigned same_owner = 1, next_n = 2, same_lane = 4, same_due = 8, has_due = 16, more = 32;

  void write(const Label& label, Body body, std::uint8_t low_bits, Writer& out);
  // `first` is the byte that write() put out first.
  void read(std::uint8_t first, Reader& in, Label& label, Body& body);

 private:
  struct PerKind {
    std::uint32_t n = 0;
    std::uint64_t lane = 0;
  };
  void note(const Label& label);
  PerKind& of(std::uint8_t kind) { return kinds_[kind % kinds_.size()]; }

  std::array<std::uint8_t, 16> owner_{};
  std::int64_t due_ms_ = 0;
  std::array<PerKind, 8> kinds_{};
};

}  // namespace postrider::journal::local

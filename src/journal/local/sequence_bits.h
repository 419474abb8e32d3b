// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace postrider::journal::local {

// A set of sequences from `first` on, one bit each. It only grows.
class SequenceBits {
 public:
  explicit SequenceBits(std::uint64_t first = 0) : first_(first) {}

  bool test(std::uint64_t sequence) const {
    const auto at = sequence - first_;
    return at / 64 < words_.size() && (words_[at / 64] >> (at % 64) & 1);
  }
  // Whether it was not in before. sequence >= first.
  bool insert(std::uint64_t sequence) {
    const auto at = sequence - first_;
    if (at / 64 >= words_.size()) words_.resize(at / 64 + 1);
    auto& word = words_[at / 64];
    const auto bit = std::uint64_t{1} << (at % 64);
    const bool fresh = !(word & bit);
    word |= bit;
    return fresh;
  }
  // The first sequence from `from` on that is not in.
  std::uint64_t next_absent(std::uint64_t from) const {
    for (auto at = from - first_; at / 64 < words_.size(); at = (at / 64 + 1) * 64) {
      const auto absent = ~words_[at / 64] >> (at % 64);
      if (absent != 0) return first_ + at + static_cast<std::uint64_t>(std::countr_zero(absent));
    }
    return std::max(from, first_ + 64 * words_.size());
  }
  std::uint64_t first() const { return first_; }
  std::span<const std::uint64_t> words() const { return words_; }

 private:
  std::uint64_t first_;
  std::vector<std::uint64_t> words_;
};

}  // namespace postrider::journal::local

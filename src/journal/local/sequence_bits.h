// SPDX-License-Identifier: Apache-2.0
#pragma once
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
  std::uint64_t count() const {
    std::uint64_t total = 0;
    for (auto word : words_) total += static_cast<std::uint64_t>(std::popcount(word));
    return total;
  }

  std::uint64_t first() const { return first_; }
  std::span<const std::uint64_t> words() const { return words_; }

 private:
  std::uint64_t first_;
  std::vector<std::uint64_t> words_;
};

}  // namespace postrider::journal::local

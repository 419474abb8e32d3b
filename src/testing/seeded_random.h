// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <cstring>
#include <span>

#include "base/random.h"

namespace postrider::testing {

// Random from a seed: the same seed gives the same run on every machine. xoshiro256** seeded by splitmix64
// (Blackman, Vigna). One thread.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) {
    for (auto& word : state_) word = splitmix(seed);
  }

  void fill(std::span<std::uint8_t> bytes) override {
    while (!bytes.empty()) {
      const std::uint64_t value = word();
      const auto count = std::min(bytes.size(), sizeof value);
      std::memcpy(bytes.data(), &value, count);
      bytes = bytes.subspan(count);
    }
  }

  std::uint64_t word() {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }
  // Both ends included.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + word() % (high - low + 1); }
  bool one_in(std::uint64_t n) { return word() % n == 0; }

  // A stream of its own for one part of a run, so that drawing more in one part does not change another.
  SeededRandom fork() { return SeededRandom(word()); }

 private:
  static std::uint64_t rotate(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  static std::uint64_t splitmix(std::uint64_t& state) {
    std::uint64_t z = (state += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  std::uint64_t state_[4];
};

}  // namespace postrider::testing

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace postrider {

// Where unpredictable bytes come from: the kernel in production, a seed in simulation. Any thread.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> bytes) = 0;

  std::uint64_t next() {
    std::uint64_t value = 0;
    fill({reinterpret_cast<std::uint8_t*>(&value), sizeof value});
    return value;
  }
  // Uniform in [0, bound), bound > 0. The bias of the remainder is below 2^-32 for any bound below 2^32.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
};

}  // namespace postrider

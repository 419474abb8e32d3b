// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/random.h"

namespace postrider::io {

// The kernel's generator (getrandom(2)), fetched 256 bytes at a time per thread. Bytes handed out are wiped
// from the buffer. Any thread; a child after fork() must exec before it asks.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override;
};

}  // namespace postrider::io

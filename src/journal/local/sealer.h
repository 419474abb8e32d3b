// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/aead.h"
#include "journal/local/format.h"

namespace postrider::journal::local {

using Nonce = std::array<std::uint8_t, aead_nonce_size>;

// Nonces that no key of this journal has seen: the epoch, which is durable before it is used and never
// repeats, and a counter within it. Any thread.
class NonceSource {
 public:
  explicit NonceSource(std::uint32_t epoch) : epoch_(epoch) {}
  Nonce next();
  std::uint32_t epoch() const { return epoch_; }

 private:
  std::uint32_t epoch_;
  std::atomic<std::uint64_t> counter_ = 0;
};

// Seals and opens under one key. A sealed text is nonce, ciphertext, tag. One thread seals, any thread opens.
class Sealer {
 public:
  static constexpr std::size_t overhead = aead_nonce_size + aead_tag_size;

  explicit Sealer(const Key& key) : sealing_(key), opening_(key) {}

  // `aad` and `plain` must not lie in `out`.
  void seal(const Nonce& nonce, std::string_view aad, std::string_view plain, std::string& out);
  Result<std::string> open(std::string_view aad, std::string_view sealed) const;

 private:
  Aead sealing_;
  mutable std::mutex mutex_;
  mutable Aead opening_;  // under mutex_
};

}  // namespace postrider::journal::local

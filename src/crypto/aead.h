// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

struct evp_cipher_ctx_st;

namespace postrider {

inline constexpr std::size_t aead_key_size = 32;
inline constexpr std::size_t aead_nonce_size = 12;
inline constexpr std::size_t aead_tag_size = 16;

using AeadKey = std::span<const std::uint8_t, aead_key_size>;
using AeadNonce = std::span<const std::uint8_t, aead_nonce_size>;

// AES-256-GCM (NIST SP 800-38D) under one key, expanded once. A nonce must never seal twice under a key:
// counters are the caller's, random nonces are good for 2^32 messages. One thread at a time, const or not:
// the expanded key carries the state of the running call. Destruction wipes it.
class Aead {
 public:
  explicit Aead(AeadKey key);

  // Appends ciphertext and tag (plain.size() + 16 bytes) to out; plain must not lie in out.
  void seal(AeadNonce nonce, std::string_view aad, std::string_view plain, std::string& out);
  // The plain bytes, or Code::corrupt when key, nonce, aad or bytes are not those of the sealing.
  Result<std::string> open(AeadNonce nonce, std::string_view aad, std::string_view sealed);

 private:
  struct Free {
    void operator()(evp_cipher_ctx_st* context) const;
  };
  std::unique_ptr<evp_cipher_ctx_st, Free> seal_, open_;
};

}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "crypto/aead.h"

namespace postrider {

using RootKey = std::array<std::uint8_t, aead_key_size>;

// Names a root key in the header of what it sealed, without telling anything of the key.
struct RootKeyId {
  std::array<std::uint8_t, 8> bytes{};
  friend auto operator<=>(const RootKeyId&, const RootKeyId&) = default;
};
RootKeyId id_of(const RootKey& key);

// Wraps secrets at rest (DKIM keys, webhook secrets, segment keys) under a root key: AES-256-GCM with a
// random nonce, good for 2^32 seals per root key. Sealed form, format 1:
//   1 byte 0x01 | 8 bytes key id | 12 bytes nonce | ciphertext | 16 bytes tag
// What the caller gives as `place` (tenant, table, row, column, each length-prefixed) is authenticated
// together with format and key id, so a sealed secret moved to another row does not open. Any thread.
class SealedBox {
 public:
  // Seals under `current`; opens under `current` and, during a rotation, under `former` keys too.
  // `random` must outlive it.
  SealedBox(const RootKey& current, Random& random, std::vector<RootKey> former = {});
  SealedBox(const SealedBox&) = delete;
  SealedBox& operator=(const SealedBox&) = delete;
  ~SealedBox();

  std::string seal(std::string_view secret, std::string_view place) const;
  // Code::not_found: sealed under a key that is not here. Code::corrupt: not these bytes, or not this place.
  Result<std::string> open(std::string_view sealed, std::string_view place) const;

 private:
  struct Entry {
    RootKeyId id;
    RootKey key;
  };
  std::vector<Entry> keys_;  // the current one first
  Random& random_;
};

}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#include "journal/local/sealer.h"

namespace postrider::journal::local {

Nonce NonceSource::next() {
  const auto counter = counter_.fetch_add(1, std::memory_order_relaxed);
  Nonce nonce{};
  for (std::size_t i = 0; i < 4; ++i) nonce[i] = static_cast<std::uint8_t>(epoch_ >> (8 * i));
  for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<std::uint8_t>(counter >> (8 * i));
  return nonce;
}

void Sealer::seal(const Nonce& nonce, std::string_view aad, std::string_view plain, std::string& out) {
  out.append(reinterpret_cast<const char*>(nonce.data()), nonce.size());
  sealing_.seal(nonce, aad, plain, out);
}

Result<std::string> Sealer::open(std::string_view aad, std::string_view sealed) const {
  if (sealed.size() < overhead) return Error{Code::corrupt, "too short to be sealed"};
  Nonce nonce;
  sealed.copy(reinterpret_cast<char*>(nonce.data()), nonce.size());
  std::lock_guard lock(mutex_);
  return opening_.open(nonce, aad, sealed.substr(nonce.size()));
}

}  // namespace postrider::journal::local

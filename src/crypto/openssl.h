// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string_view>

namespace postrider::openssl {

// For calls that fail only when memory is gone or the library is broken: says which and ends the process,
// since going on would mean unsigned mail or unsealed secrets.
void must(bool done, const char* what);

inline const unsigned char* data(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// Forgets the errors a refused input left behind, so that they are not blamed on the next call.
void clear_errors();

}  // namespace postrider::openssl

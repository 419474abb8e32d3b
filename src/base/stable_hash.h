// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string_view>

namespace postrider {

// FNV-1a, 64 bits: the same in every process and version, so that it may be stored. Not for hostile keys.
constexpr std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325ull;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
  return hash;
}
static_assert(stable_hash("a") == 0xAF63DC4C8601EC8Cull);

}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstring>

namespace postrider::smtp {

// The next `c` in [from, end), or end. memchr looks at 32 octets at a time, which std::find does not.
inline const char* find_octet(const char* from, const char* end, char c) {
  if (from == end) return end;
  const auto* found = static_cast<const char*>(std::memchr(from, c, static_cast<std::size_t>(end - from)));
  return found ? found : end;
}

}  // namespace postrider::smtp

// SPDX-License-Identifier: Apache-2.0
#include "flow/schedule/retry.h"

#include <algorithm>
#include <array>

namespace postrider {

using namespace std::chrono_literals;

std::chrono::milliseconds RetryPolicy::gap(std::uint16_t attempts, const RecipientId& id) const {
  // The first gap outlasts a common greylisting (5 minutes) only at the second try: most 4xx are shorter.
  constexpr std::array<std::chrono::seconds, 8> gaps{60s, 5min, 15min, 30min, 1h, 2h, 3h, 4h};
  const std::chrono::milliseconds base =
      gaps[std::min<std::size_t>(attempts ? attempts - 1u : 0u, gaps.size() - 1)];
  const auto spread = std::hash<RecipientId>{}(id) * 0x9E3779B97F4A7C15ull >> 40;
  return base + base * static_cast<std::int64_t>(spread % 1000) / 10000;
}

std::chrono::milliseconds site_pause(std::uint32_t failures) {
  constexpr std::array<std::chrono::seconds, 6> pauses{5s, 30s, 60s, 2min, 5min, 10min};
  return pauses[std::min<std::size_t>(failures ? failures - 1u : 0u, pauses.size() - 1)];
}

}  // namespace postrider

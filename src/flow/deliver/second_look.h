// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace postrider {

// Domains of which DNS says that there is nowhere to go: what it says once may be somebody's slip, what it
// says again at a later attempt is believed. Forgotten with the process, which costs one more look. Loop's
// thread.
class SecondLook {
 public:
  // DNS said so now; whether it had said so before, long enough ago to be another look.
  bool again(const std::string& domain, Instant now) {
    const auto [at, fresh] = since_.try_emplace(domain, now);
    return !fresh && now - at->second >= apart;
  }
  void tick(Instant now) {
    std::erase_if(since_, [&](const auto& entry) { return now - entry.second > kept; });
  }
  void clear(const std::string& domain) { since_.erase(domain); }  // DNS knows it now

 private:
  static constexpr auto apart = std::chrono::minutes(1);
  static constexpr auto kept = std::chrono::hours(24);
  std::unordered_map<std::string, Instant> since_;
};

}  // namespace postrider

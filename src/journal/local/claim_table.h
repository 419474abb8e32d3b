// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "journal/journal.h"

namespace postrider::journal::local {

std::string encode_claim(const Claim& claim);
std::optional<Claim> decode_claim(std::string_view bytes);

// The claims that hold now, in memory; on disk they travel with the events. Any thread.
class ClaimTable {
 public:
  // One that has expired is as good as none.
  std::optional<Claim> find(std::uint64_t tenant, std::string_view key, Time now) const;
  void put(const Claim& claim);
  // Forgets at most `most` expired ones; whether there are more.
  bool expire(Time now, std::size_t most);

 private:
  using Expiry = std::multimap<Time, std::string>;
  struct Held {
    std::array<std::uint8_t, 32> digest{};
    std::string answer;
    Expiry::iterator expiry;
  };
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Held> held_;  // by tenant and key
  Expiry by_expiry_;
};

}  // namespace postrider::journal::local

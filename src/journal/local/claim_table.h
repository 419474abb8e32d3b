// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/id.h"
#include "journal/journal.h"

namespace postrider::journal::local {

std::string encode_claim(const Claim& claim);
std::optional<Claim> decode_claim(std::string_view bytes);

// The claims that hold now, in memory, about 150 bytes each however long the key is; on disk they travel with
// the events. Any thread.
class ClaimTable {
 public:
  // One that has expired is as good as none.
  std::optional<Claim> find(std::uint64_t tenant, std::string_view key, Time now) const;
  // Of two under one key the one that expires later holds.
  void put(const Claim& claim);
  // Forgets at most `most` expired ones; whether there are more.
  bool expire(Time now, std::size_t most);

  // Whether another one of this tenant fits when there are to be `most`. However many it asks for, a tenant
  // leaves a fifth of what the others do not use to them.
  bool has_room(std::uint64_t tenant, std::size_t most) const;
  std::size_t size() const;

 private:
  // Stands for tenant and key: half of their SHA-256. No two are ever found that share it.
  using Name = WideId<struct ClaimTag>;
  static Name name_of(std::uint64_t tenant, std::string_view key);

  struct Held {
    std::uint64_t tenant = 0;
    Time expires{};
    std::array<std::uint8_t, 32> digest{};
    std::array<char, Claim::answer_limit> answer{};
    std::uint8_t answer_size = 0;
  };
  using Table = std::unordered_map<Name, Held>;
  // They expire in the order in which they came, or a clock was set back: then some stay a little longer. A
  // claim renewed under its key is here several times, last with the time that counts.
  struct Expiry {
    Time at{};
    const Table::value_type* held = nullptr;
  };

  mutable std::mutex mutex_;
  Table held_;
  std::deque<Expiry> expiries_;
  std::unordered_map<std::uint64_t, std::size_t> of_tenant_;
};

}  // namespace postrider::journal::local

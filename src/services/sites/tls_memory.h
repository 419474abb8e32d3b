// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "audit/entry.h"
#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace postrider::sites {

inline constexpr int tls_kept_days = 30;

// Which sites have offered TLS: one that has must not be spoken to in the clear, for whoever removes its
// offer from the dialogue could then read the mail (RFC 7435, 8461 say so of stripping). Remembered for 30
// days from the last offer. Asking and noting cost a look into a map; the store is written behind, by
// flush(), and what was noted since is lost when the process dies. Any thread.
class TlsMemory {
 public:
  // Beyond `most` sites the ones seen longest ago are forgotten.
  explicit TlsMemory(store::Store& store, std::size_t most = 100'000) : store_(store), most_(most) {}

  Result<void> load(Time now);  // blocks; before the first connection

  bool has_offered(std::string_view site, Time now) const;
  void offered(std::string_view site, Time now);

  // A dialogue was not gone on with, because TLS was not offered again.
  void withheld() { withheld_.fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t times_withheld() const { return withheld_.load(std::memory_order_relaxed); }

  // Writes what is new and destroys what is past its days; on failure it is kept for the next time. Blocks;
  // about once a minute.
  Result<void> flush(Time now);

  struct Site {
    std::string name;  // "mx.example.org:25"
    Time seen{};       // the last offer, to the day
  };
  std::vector<Site> all(Time now) const;  // by name
  // An operator knows better: the site gave TLS up for good. false = it was not remembered. Blocks.
  Result<bool> forget(std::string_view site, const audit::Author& author);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct Seen {
    Time at{};
    bool written = false;
  };
  void make_room();

  std::atomic<std::uint64_t> withheld_ = 0;
  store::Store& store_;
  const std::size_t most_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Seen, Hash, std::equal_to<>> sites_;
};

const store::Schema& schema();

}  // namespace postrider::sites

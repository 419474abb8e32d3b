// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "bench/common/samples.h"
#include "protocol/smtp/envelope.h"

namespace postrider::bench {

// What has arrived since the last reset. Any thread.
class Ledger {
 public:
  struct Totals {
    std::uint64_t messages = 0;
    std::uint64_t recipients = 0;
    std::uint64_t distinct = 0;  // recipients by the number in their mark
    std::uint64_t bytes = 0;
    std::int64_t first_us = 0, last_us = 0;  // of the first and the last message taken, monotonic clock
    std::uint32_t first_byte_p50_us = 0, first_byte_p99_us = 0;
  };

  // Keeps one message in `sample_every`, at most `samples_most`, for a look at their signatures.
  Ledger(std::uint64_t sample_every, std::size_t samples_most)
      : sample_every_(sample_every), samples_most_(samples_most) {}

  // The first bytes of a transaction that name this recipient came at `at`.
  void begun(std::string_view recipient, Instant at);
  void taken(const smtp::Envelope& envelope, std::string data, Instant at);

  Totals totals();
  std::vector<std::string> samples() const;
  void reset();

 private:
  const std::uint64_t sample_every_;
  const std::size_t samples_most_;
  mutable std::mutex mutex_;
  Totals totals_;
  Samples first_byte_;
  std::vector<bool> numbers_;
  std::vector<std::string> samples_;
};

}  // namespace postrider::bench

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace postrider::bench {

// What the load writes into each recipient's address, so that the sink knows without asking which message it
// is and when its request was due: "n00000042.0000001234567890@", the number and microseconds of the
// machine's monotonic clock, which both programs share.
struct Mark {
  static constexpr std::size_t number_digits = 8, moment_digits = 16;
  static constexpr std::size_t size = 1 + number_digits + 1 + moment_digits;
  static constexpr std::uint32_t numbers = 100'000'000;

  std::uint32_t number = 0;
  std::int64_t us = 0;

  static std::int64_t moment(Instant at) {
    return std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
  }

  static void put_digits(char* at, std::size_t digits, std::uint64_t value) {
    for (; digits-- > 0; value /= 10) at[digits] = static_cast<char>('0' + value % 10);
  }
  void put(char* at) const {
    at[0] = 'n';
    put_digits(at + 1, number_digits, number);
    at[1 + number_digits] = '.';
    put_digits(at + 2 + number_digits, moment_digits, static_cast<std::uint64_t>(us));
  }

  static std::optional<Mark> find(std::string_view address) {
    if (address.size() <= size || address[0] != 'n' || address[1 + number_digits] != '.' ||
        address[size] != '@')
      return std::nullopt;
    Mark mark;
    const char* at = address.data() + 1;
    if (std::from_chars(at, at + number_digits, mark.number).ptr != at + number_digits) return std::nullopt;
    at += number_digits + 1;
    if (std::from_chars(at, at + moment_digits, mark.us).ptr != at + moment_digits) return std::nullopt;
    return mark;
  }
};

}  // namespace postrider::bench

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace postrider::journal::local {

// The difference of two numbers, small in both directions, for a varint. Wraps, so that any value fits.
constexpr std::uint64_t zigzag(std::uint64_t value, std::uint64_t reference) {
  const std::uint64_t difference = value - reference;
  return (difference << 1) ^ (0 - (difference >> 63));
}
constexpr std::uint64_t unzigzag(std::uint64_t coded, std::uint64_t reference) {
  return reference + ((coded >> 1) ^ (0 - (coded & 1)));
}
constexpr std::uint64_t zigzag(std::int64_t value, std::int64_t reference) {
  return zigzag(static_cast<std::uint64_t>(value), static_cast<std::uint64_t>(reference));
}
constexpr std::int64_t unzigzag(std::uint64_t coded, std::int64_t reference) {
  return static_cast<std::int64_t>(unzigzag(coded, static_cast<std::uint64_t>(reference)));
}

}  // namespace postrider::journal::local

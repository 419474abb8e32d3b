// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

namespace postrider {

// A number with an identity: TenantId and KeyId never mix. 0 means none.
template <class Tag>
struct Id {
  std::uint64_t value = 0;
  friend auto operator<=>(const Id&, const Id&) = default;
  explicit operator bool() const { return value != 0; }
};

// 128 random bits with an identity, for names that leave the building. All zero means none.
template <class Tag>
struct WideId {
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const WideId&, const WideId&) = default;
  explicit operator bool() const { return *this != WideId{}; }
};

}  // namespace postrider

template <class Tag>
struct std::hash<postrider::Id<Tag>> {
  std::size_t operator()(const postrider::Id<Tag>& id) const noexcept {
    return id.value * 0x9E3779B97F4A7C15ull;
  }
};

template <class Tag>
struct std::hash<postrider::WideId<Tag>> {
  std::size_t operator()(const postrider::WideId<Tag>& id) const noexcept {
    std::uint64_t first = 0;  // The bits are random already.
    std::memcpy(&first, id.bytes.data(), sizeof first);
    return first;
  }
};

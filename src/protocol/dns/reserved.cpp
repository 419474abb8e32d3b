// SPDX-License-Identifier: Apache-2.0
#include "protocol/dns/reserved.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace postrider::dns {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

struct Network {
  Bytes bytes;  // of an IPv4 network the first four
  int bits;
  std::string_view what;
};

// The IANA registries of special-purpose addresses, multicast, and what is reserved beside them.
constexpr Network ipv4[] = {
    {{0}, 8, "reserved"},
    {{10}, 8, "private"},
    {{100, 64}, 10, "private"},  // carrier-grade NAT
    {{127}, 8, "loopback"},
    {{169, 254}, 16, "link-local"},
    {{172, 16}, 12, "private"},
    {{192, 0, 0}, 24, "reserved"},
    {{192, 0, 2}, 24, "reserved"},    // documentation
    {{192, 88, 99}, 24, "reserved"},  // 6to4 relays
    {{192, 168}, 16, "private"},
    {{198, 18}, 15, "reserved"},       // benchmarks
    {{198, 51, 100}, 24, "reserved"},  // documentation
    {{203, 0, 113}, 24, "reserved"},   // documentation
    {{224}, 4, "multicast"},
    {{240}, 4, "reserved"},
};
constexpr Network ipv6[] = {
    {{}, 127, "loopback"},  // :: and ::1
    {{0, 0x64, 0xff, 0x9b, 0, 1}, 48, "private"},
    {{1}, 64, "reserved"},                       // discard
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "reserved"},  // documentation
    {{0x20, 0x01}, 23, "reserved"},
    {{0x20, 0x02}, 16, "reserved"},  // 6to4
    {{0x3f, 0xff}, 20, "reserved"},  // documentation
    {{0xfc}, 7, "private"},
    {{0xfe, 0x80}, 10, "link-local"},
    {{0xff}, 8, "multicast"},
};
// An IPv4 address inside an IPv6 one: it is as ordinary as that is.
constexpr Network embedding[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, ""},  // mapped
    {{0, 0x64, 0xff, 0x9b}, 96, ""},                       // NAT64
};

bool inside(std::span<const std::uint8_t> address, const Network& network) {
  for (int bit = 0; bit < network.bits; ++bit) {
    const auto at = static_cast<std::size_t>(bit / 8);
    if (((address[at] ^ network.bytes[at]) >> (7 - bit % 8)) & 1) return false;
  }
  return true;
}

std::string_view find(std::span<const std::uint8_t> address, std::span<const Network> networks) {
  const auto found =
      std::ranges::find_if(networks, [&](const Network& network) { return inside(address, network); });
  return found == networks.end() ? std::string_view() : found->what;
}

}  // namespace

std::string_view reserved(std::string_view text) {
  const std::string address(text);
  Bytes bytes{};
  if (::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return find({bytes.data(), 4}, ipv4);
  if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return "not an address";
  for (const auto& network : embedding)
    if (inside(bytes, network)) return find({bytes.data() + 12, 4}, ipv4);
  return find(bytes, ipv6);
}

}  // namespace postrider::dns

// SPDX-License-Identifier: Apache-2.0
#include "app/networks.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace postrider::app {
namespace {

struct Bits {
  std::array<unsigned char, 16> bytes{};
  unsigned size = 0;  // 32 or 128
};

std::optional<Bits> parse(std::string_view text) {
  const std::string address(text);
  Bits bits;
  if (inet_pton(AF_INET, address.c_str(), bits.bytes.data()) == 1)
    bits.size = 32;
  else if (inet_pton(AF_INET6, address.c_str(), bits.bytes.data()) == 1)
    bits.size = 128;
  else
    return std::nullopt;
  return bits;
}

}  // namespace

bool in_network(std::string_view address, std::string_view network) {
  const auto slash = network.find('/');
  const auto wanted = parse(network.substr(0, slash));
  const auto have = parse(address);
  if (!wanted || !have || wanted->size != have->size) return false;
  unsigned length = wanted->size;
  if (slash != std::string_view::npos) {
    const auto digits = network.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc() || end != digits.data() + digits.size() || length > wanted->size) return false;
  }
  for (unsigned bit = 0; bit < length; ++bit) {
    const auto mask = 0x80u >> (bit % 8);
    if ((wanted->bytes[bit / 8] & mask) != (have->bytes[bit / 8] & mask)) return false;
  }
  return true;
}

bool is_address(std::string_view text) {
  return parse(text).has_value();
}

bool is_network(std::string_view text) {
  return in_network(text.substr(0, text.find('/')), text);
}

bool is_loopback(std::string_view address) {
  return in_network(address, "127.0.0.0/8") || in_network(address, "::1");
}

}  // namespace postrider::app

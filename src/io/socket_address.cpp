// SPDX-License-Identifier: Apache-2.0
#include "io/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstring>

namespace postrider::io {

std::string to_string(const Endpoint& endpoint) {
  bool six = endpoint.address.find(':') != std::string::npos;
  return (six ? "[" + endpoint.address + "]" : endpoint.address) + ":" + std::to_string(endpoint.port);
}

bool is_ip_literal(const std::string& text) {
  return SocketAddress::of({.address = text, .port = 0}).ok();
}

Result<SocketAddress> SocketAddress::of(const Endpoint& endpoint) {
  SocketAddress result;
  sockaddr_in four{};
  sockaddr_in6 six{};
  if (::inet_pton(AF_INET, endpoint.address.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = htons(endpoint.port);
    std::memcpy(&result.storage, &four, sizeof four);
    result.size = sizeof four;
  } else if (::inet_pton(AF_INET6, endpoint.address.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(endpoint.port);
    std::memcpy(&result.storage, &six, sizeof six);
    result.size = sizeof six;
  } else {
    return Error{Code::invalid, "not an IP address: " + endpoint.address};
  }
  return result;
}

Endpoint SocketAddress::endpoint() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family() == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &storage, sizeof four);
    ::inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
    return {.address = text.data(), .port = ntohs(four.sin_port)};
  }
  sockaddr_in6 six{};
  std::memcpy(&six, &storage, sizeof six);
  if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr))
    ::inet_ntop(AF_INET, &six.sin6_addr.s6_addr[12], text.data(), text.size());
  else
    ::inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size());
  return {.address = text.data(), .port = ntohs(six.sin6_port)};
}

}  // namespace postrider::io

// SPDX-License-Identifier: Apache-2.0
#include "app/host_port.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <string>

#include "base/text.h"

namespace postrider::app {

Result<io::Endpoint> parse_endpoint(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return Error{Code::invalid, "\"" + std::string(text) + "\" is not IP:PORT: " + std::string(why)};
  };
  io::Endpoint endpoint{"127.0.0.1", 0};
  std::string_view port = text;
  if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
    auto host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (same_ignoring_case(host, "localhost")) host = "127.0.0.1";
    std::array<unsigned char, 16> ignored{};
    endpoint.address = host;
    if (inet_pton(AF_INET, endpoint.address.c_str(), ignored.data()) != 1 &&
        inet_pton(AF_INET6, endpoint.address.c_str(), ignored.data()) != 1)
      return refuse("the host must be an IP address");
  }
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc() || end != port.data() + port.size()) return refuse("the port must be 0 to 65535");
  return endpoint;
}

}  // namespace postrider::app

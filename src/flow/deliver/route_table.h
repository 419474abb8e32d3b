// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/transport.h"
#include "protocol/smtp/client_session.h"

namespace postrider {

// Where mail for a domain goes because the operator says so.
struct Route {
  std::string domain;  // "example.org", "*.example.org" (its subdomains) or "*" (everything)
  io::Endpoint next_hop;
  smtp::Tls tls = smtp::Tls::opportunistic;
  bool verify = false;  // the certificate must be valid for `name`
  std::string name;     // of the next hop in its certificate; empty = the address
  friend bool operator==(const Route&, const Route&) = default;
};

// The operator's routes; the most particular one wins. Immutable: any thread.
class RouteTable {
 public:
  RouteTable() = default;
  explicit RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {}
  const Route* find(std::string_view ascii_domain) const;  // null = none
  bool empty() const { return routes_.empty(); }

 private:
  std::vector<Route> routes_;
};

}  // namespace postrider

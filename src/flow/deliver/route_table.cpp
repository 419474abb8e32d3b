// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/route_table.h"

namespace postrider {

const Route* RouteTable::find(std::string_view ascii_domain) const {
  const Route* best = nullptr;
  std::size_t best_size = 0;
  for (const auto& route : routes_) {
    std::string_view pattern = route.domain;
    std::size_t size = 0;  // how particular: an exact match beats any pattern, a longer pattern a shorter one
    if (pattern == ascii_domain)
      size = ascii_domain.size() + 2;
    else if (pattern == "*")
      size = 1;
    else if (pattern.starts_with("*.") && ascii_domain.ends_with(pattern.substr(1)))
      size = pattern.size();
    if (size > best_size) best = &route, best_size = size;
  }
  return best;
}

}  // namespace postrider

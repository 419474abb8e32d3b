// SPDX-License-Identifier: Apache-2.0
#include "flow/policy/tenant_policy.h"

namespace postrider {

const SenderDomain* TenantPolicy::domain_for(std::string_view ascii_domain) const {
  const SenderDomain* best = nullptr;
  for (const auto& domain : domains) {
    const bool covers = ascii_domain == domain.name ||
                        (ascii_domain.size() > domain.name.size() && ascii_domain.ends_with(domain.name) &&
                         ascii_domain[ascii_domain.size() - domain.name.size() - 1] == '.');
    if (covers && (!best || domain.name.size() > best->name.size())) best = &domain;
  }
  return best;
}

}  // namespace postrider

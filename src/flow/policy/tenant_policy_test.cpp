// SPDX-License-Identifier: Apache-2.0
#include "flow/policy/tenant_policy.h"

#include <gtest/gtest.h>

namespace postrider {
namespace {

std::string covering(const TenantPolicy& policy, std::string_view domain) {
  const auto* found = policy.domain_for(domain);
  return found ? found->name : "";
}

TEST(TenantPolicy, ADomainCoversItselfAndWhatIsBelowIt) {
  const TenantPolicy policy{.id = TenantId{1}, .domains = {{"example.com", {}}}};
  EXPECT_EQ(covering(policy, "example.com"), "example.com");
  EXPECT_EQ(covering(policy, "a.b.example.com"), "example.com");
  for (const auto* other :
       {"", "com", "xample.com", "anexample.com", ".com", "example.com.org", "example.co"})
    EXPECT_EQ(covering(policy, other), "") << other;
}

TEST(TenantPolicy, TheNearestDomainSigns) {
  const TenantPolicy policy{.id = TenantId{1}, .domains = {{"b.example.com", {}}, {"example.com", {}}}};
  EXPECT_EQ(covering(policy, "a.b.example.com"), "b.example.com");
  EXPECT_EQ(covering(policy, "c.example.com"), "example.com");
}

TEST(TenantPolicy, WithoutDomainsNothingIsCovered) {
  EXPECT_EQ(TenantPolicy{}.domain_for("example.com"), nullptr);
}

}  // namespace
}  // namespace postrider

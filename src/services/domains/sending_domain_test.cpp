// SPDX-License-Identifier: Apache-2.0
#include "services/domains/sending_domain.h"

#include <gtest/gtest.h>

namespace postrider::domains {
namespace {

TEST(SendingDomain, NamesAreKeptInOneForm) {
  EXPECT_EQ(domain_name("Mail.Example.COM."), "mail.example.com");
  EXPECT_EQ(domain_name("xn--bcher-kva.example"), "xn--bcher-kva.example");
  EXPECT_EQ(domain_name("3com.example"), "3com.example");
  const std::string label(63, 'a');
  EXPECT_TRUE(domain_name(label + ".example").has_value());
  for (const auto& wrong : std::vector<std::string>{
           "", ".", "localhost", "a..b", ".a.b", "-a.b", "a-.b", "a b.c", "a_b.c", "b\u00fccher.example",
           "192.0.2.1", label + "a.example", "a@b.c", label + "." + label + "." + label + "." + label + ".x"})
    EXPECT_FALSE(domain_name(wrong).has_value()) << wrong;
}

TEST(SendingDomain, CoversItselfAndWhatLiesBelow) {
  EXPECT_TRUE(covers("example.com", "example.com"));
  EXPECT_TRUE(covers("example.com", "a.b.example.com"));
  EXPECT_FALSE(covers("example.com", "notexample.com"));
  EXPECT_FALSE(covers("a.example.com", "example.com"));
  EXPECT_FALSE(covers("example.com", "example.com.evil.test"));
}

TEST(SendingDomain, RecordsToPublish) {
  const SendingDomain domain{
      {},
      {},
      "example.com",
      true,
      {},
      {{"e1", KeyType::ed25519, "v=DKIM1; k=ed25519; p=AA"}, {"s1", KeyType::rsa, "v=DKIM1; k=rsa; p=BB"}}};
  const auto records = dns_records(domain);
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].selector, "e1");
  EXPECT_EQ(records[0].name, "e1._domainkey.example.com");
  EXPECT_EQ(records[1].name, "s1._domainkey.example.com");
  EXPECT_EQ(records[1].type, "TXT");
  EXPECT_EQ(records[1].value, "v=DKIM1; k=rsa; p=BB");
  EXPECT_TRUE(records[1].required);
  EXPECT_EQ(records[2].name, "_dmarc.example.com");
  EXPECT_FALSE(records[2].required);
  const std::vector<std::string> sources{"192.0.2.1", "2001:db8::1"};
  EXPECT_EQ(dns_records(domain, sources)[2].value, "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all");
}

}  // namespace
}  // namespace postrider::domains

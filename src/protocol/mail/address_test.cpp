// SPDX-License-Identifier: Apache-2.0
#include "protocol/mail/address.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/text.h"
#include "testing/shared.h"

namespace postrider::mail {
namespace {

std::string parsed(std::string_view text) {
  const auto address = Address::parse(text);
  return address ? address->text() : "refused: " + address.error().detail;
}

TEST(Address, lower_cases_the_domain_only) {
  const auto address = Address::parse("Joe.Six+tag@Example.COM");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->text(), "Joe.Six+tag@example.com");
  EXPECT_EQ(address->local(), "Joe.Six+tag");
  EXPECT_EQ(address->domain(), "example.com");
  EXPECT_EQ(address->ascii_domain(), "example.com");
  EXPECT_FALSE(address->needs_smtputf8());
  EXPECT_FALSE(address->is_literal());
}

TEST(Address, keeps_quotes_only_where_they_are_needed) {
  EXPECT_EQ(parsed(R"("joe"@example.com)"), "joe@example.com");
  EXPECT_EQ(parsed(R"("j\oe"@example.com)"), "joe@example.com");
  EXPECT_EQ(parsed(R"("joe six"@example.com)"), R"("joe six"@example.com)");
  EXPECT_EQ(parsed(R"("a@\b"@example.com)"), R"("a@b"@example.com)");
  EXPECT_EQ(parsed(R"("a\"b"@example.com)"), R"("a\"b"@example.com)");
  EXPECT_EQ(parsed(R"(""@example.com)"), R"(""@example.com)");
  EXPECT_EQ(parsed(R"("a..b"@example.com)"), R"("a..b"@example.com)");
}

TEST(Address, an_international_domain_has_two_spellings_of_one_mailbox) {
  const auto u = Address::parse("joe@B\u00dcCHER.example"), a = Address::parse("joe@xn--bcher-kva.example");
  ASSERT_TRUE(u && a);
  EXPECT_EQ(u->text(), "joe@b\u00fccher.example");
  EXPECT_EQ(u->ascii_domain(), "xn--bcher-kva.example");
  EXPECT_EQ(u->ascii_text(), "joe@xn--bcher-kva.example");
  EXPECT_FALSE(u->needs_smtputf8());  // the A-labels will do
  EXPECT_EQ(*u, *a);
}

TEST(Address, an_international_local_part_needs_smtputf8) {
  const auto address = Address::parse("\u03b4\u03bf\u03ba\u03b9\u03bc\u03ae@example.com");
  ASSERT_TRUE(address);
  EXPECT_TRUE(address->needs_smtputf8());
  EXPECT_EQ(address->ascii_text(), address->text());
  EXPECT_FALSE(Address::parse("bad\xff@example.com"));
  EXPECT_FALSE(Address::parse("bad\xc3@example.com"));
}

TEST(Address, literals_are_addresses) {
  EXPECT_EQ(parsed("a@[192.0.2.1]"), "a@[192.0.2.1]");
  EXPECT_EQ(parsed("a@[ipv6:2001:DB8::1]"), "a@[IPv6:2001:db8::1]");
  EXPECT_TRUE(Address::parse("a@[192.0.2.1]")->is_literal());
}

TEST(Address, what_could_start_another_command_or_header_is_refused) {
  for (char c : {'\r', '\n', '\0', '\t', '\x7f', '\x01'}) {
    for (const std::string& text :
         {std::string("a") + c + "b@example.com", std::string("\"a") + c + "b\"@example.com",
          std::string("\"a\\") + c + "b\"@example.com", std::string("a@exam") + c + "ple.com",
          std::string("a@example.com") + c, c + std::string("a@example.com")})
      EXPECT_FALSE(Address::parse(text)) << int{c};
  }
  for (const auto* text : {"<a@example.com>", "a@example.com>", "a b@example.com", "a@example.com ",
                           "a@b@example.com", "a@example.com,b@example.com", "a@exam_ple.com",
                           "a(comment)@example.com", "@example.com", "a@", "a", ""})
    EXPECT_FALSE(Address::parse(text)) << text;
}

TEST(Address, an_a_label_form_past_the_limits_is_refused) {
  std::string label;
  for (int i = 0; i < 31; ++i)
    label += "\u00fc";  // 62 bytes, and more than 63 as an A-label? then refused, never cut
  const auto address = Address::parse("a@" + label + ".example");
  if (address) EXPECT_LE(address->ascii_domain().find('.'), 63u);
  std::string many = "a@";
  for (int i = 0; i < 60; ++i) many += "\u00fc.";
  EXPECT_FALSE(Address::parse(many + "example"));  // 60 labels of 7 characters
}

// tests.xml writes control characters as the pictures U+2400 + n, and the usual five as entities.
std::string unescaped(std::string_view xml) {
  static const std::map<std::string_view, std::string_view> entities{
      {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}};
  std::string out;
  for (std::size_t i = 0; i < xml.size();) {
    const auto semicolon = xml.find(';', i);
    if (xml[i] == '&' && semicolon != std::string_view::npos) {
      const auto entity = xml.substr(i, semicolon + 1 - i);
      i = semicolon + 1;
      if (const auto known = entities.find(entity); known != entities.end()) {
        out += known->second;
        continue;
      }
      const auto code = std::stoul(std::string(entity.substr(3)), nullptr, 16);  // &#x24NN; or &#xNN;
      if (code < 0x80)
        out.push_back(static_cast<char>(code));
      else if (code >= 0x2400 && code < 0x2420)
        out.push_back(static_cast<char>(code - 0x2400));
      else
        out += "\u00a9";  // the one other character of the corpus
      continue;
    }
    out.push_back(xml[i++]);
  }
  return out;
}

std::string_view element(std::string_view xml, std::string_view name) {
  const auto open = xml.find("<" + std::string(name) + ">");
  if (open == std::string_view::npos) return {};
  const auto from = open + name.size() + 2;
  return xml.substr(from, xml.find("</" + std::string(name) + ">", from) - from);
}

TEST(Address, agrees_with_isemail) {
  const auto path = testing::shared_corpus("isemail/tests.xml");
  if (!path) GTEST_SKIP() << "corpora not found";
  const auto file = testing::read_file(*path);
  const std::set<std::string_view> accepted{"ISEMAIL_VALID_CATEGORY", "ISEMAIL_DNSWARN", "ISEMAIL_RFC5321"};
  int count = 0;
  for (auto at = file.find("<test id"); at != std::string::npos; at = file.find("<test id", at + 1)) {
    const auto test = std::string_view(file).substr(at, file.find("</test>", at) - at);
    const auto address = unescaped(element(test, "address"));
    const auto category = trim(element(test, "category"));
    EXPECT_EQ(Address::parse(address).ok(), accepted.contains(category)) << address << " is " << category;
    ++count;
  }
  EXPECT_EQ(count, 164);
}

}  // namespace
}  // namespace postrider::mail

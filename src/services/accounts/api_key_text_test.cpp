// SPDX-License-Identifier: Apache-2.0
#include "services/accounts/api_key_text.h"

#include <gtest/gtest.h>

#include <set>

#include "base/encoding.h"
#include "testing/seeded_random.h"

namespace postrider::accounts {
namespace {

TEST(ApiKeyText, HasSendGridsShapeAndComesBack) {
  testing::SeededRandom random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto key = ApiKeyText::generate(random);
    ASSERT_EQ(key.text().size(), 69u);
    EXPECT_EQ(key.text().substr(0, 3), "SG.");
    EXPECT_EQ(key.text().substr(3, 22), to_string(key.id()));
    EXPECT_EQ(key.text()[25], '.');
    EXPECT_EQ(key.text().substr(63), base62(crc32(key.text().substr(26, 37)), 6));
    const auto parsed = ApiKeyText::parse(key.text());
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->id(), key.id());
    EXPECT_EQ(parsed->digest(), key.digest());
    EXPECT_EQ(key.digest(), sha256(key.text()));
    EXPECT_TRUE(seen.insert(key.text()).second);
  }
}

// Every change of one character of the secret is noticed; CRC-32 finds all single ones.
TEST(ApiKeyText, AMistypedSecretIsNoKey) {
  testing::SeededRandom random(2);
  const auto text = ApiKeyText::generate(random).text();
  for (std::size_t at = 26; at < text.size(); ++at)
    for (const char c : std::string_view("0aZ-_. \n\0\xff", 10)) {
      auto changed = text;
      changed[at] = c;
      EXPECT_EQ(ApiKeyText::parse(changed).has_value(), changed == text) << at;
    }
}

TEST(ApiKeyText, OtherShapesAreNoKeys) {
  testing::SeededRandom random(3);
  const auto text = ApiKeyText::generate(random).text();
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(ApiKeyText::parse(text.substr(0, size)).has_value());
  EXPECT_FALSE(ApiKeyText::parse(text + "x").has_value());
  EXPECT_FALSE(ApiKeyText::parse(" " + text.substr(1)).has_value());
  EXPECT_FALSE(ApiKeyText::parse("sg" + text.substr(2)).has_value());
  auto changed = text;
  changed[25] = '-';
  EXPECT_FALSE(ApiKeyText::parse(changed).has_value());
  changed = text;
  changed[10] = '+';
  EXPECT_FALSE(ApiKeyText::parse(changed).has_value());
}

}  // namespace
}  // namespace postrider::accounts

// SPDX-License-Identifier: Apache-2.0
#include "crypto/aead.h"

#include <gtest/gtest.h>

namespace postrider {
namespace {

constexpr std::array<std::uint8_t, aead_key_size> key{1, 2, 3};
constexpr std::array<std::uint8_t, aead_nonce_size> nonce{4, 5, 6}, next_nonce{4, 5, 7};

TEST(Aead, one_object_serves_many_messages_and_keeps_them_apart) {
  Aead aead(key);
  std::string first, second;
  aead.seal(nonce, "aad", "first", first);
  aead.seal(next_nonce, "", "second", second);
  EXPECT_EQ(first.size(), 5 + aead_tag_size);
  EXPECT_EQ(aead.open(nonce, "aad", first).value(), "first");
  EXPECT_FALSE(aead.open(nonce, "other", first));
  EXPECT_EQ(aead.open(next_nonce, "", second).value(), "second");  // a refusal leaves nothing behind
  EXPECT_FALSE(aead.open(nonce, "", second));
  EXPECT_FALSE(aead.open(nonce, "", "short"));
}

TEST(Aead, moves) {
  Aead one(key);
  Aead two = std::move(one);
  std::string sealed;
  two.seal(nonce, "", std::string(100'000, 'x'), sealed);
  EXPECT_EQ(two.open(nonce, "", sealed).value(), std::string(100'000, 'x'));
}

}  // namespace
}  // namespace postrider

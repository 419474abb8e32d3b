// SPDX-License-Identifier: Apache-2.0
#include "model/ids.h"

#include <gtest/gtest.h>

#include "testing/seeded_random.h"

namespace postrider {
namespace {

MessageId message() {
  MessageId id;
  testing::SeededRandom(1).fill(id.bytes);
  return id;
}

TEST(MessageId, ComesBackFromItsText) {
  EXPECT_EQ(to_string(MessageId{}), std::string(22, 'A'));
  EXPECT_EQ(to_string(message()).size(), 22u);
  EXPECT_EQ(parse_message_id(to_string(message())), message());
}

TEST(MessageId, IsReadStrictly) {
  const auto text = to_string(message());
  for (const auto& wrong : {std::string(), text.substr(1), text + "A", text.substr(0, 21) + "=",
                            std::string(21, 'A') + "B" /* bits beyond the last byte */, " " + text.substr(1)})
    EXPECT_FALSE(parse_message_id(wrong)) << wrong;
}

TEST(MessageId, ANewOneIsNeverTakenForAnOption) {
  struct Dashes : Random {  // first 62 four times, then counting on
    std::uint8_t given = 0;
    void fill(std::span<std::uint8_t> bytes) override {
      for (auto& byte : bytes) byte = 0xfb;
      bytes[0] = static_cast<std::uint8_t>(62 << 2 | given++);
    }
  } random;
  const auto id = to_string(new_message_id(random));
  EXPECT_EQ(id.front(), '_') << id;
  EXPECT_EQ(random.given, 5);
  testing::SeededRandom many(1);
  for (int i = 0; i < 1000; ++i) ASSERT_NE(to_string(new_api_key_id(many)).front(), '-');
}

TEST(RecipientId, StartsWithItsMessagesTextAndComesBack) {
  for (const std::uint32_t n : {0u, 1u, 999u, UINT32_MAX}) {
    const RecipientId id{message(), n};
    EXPECT_EQ(to_string(id), to_string(message()) + ".postrider." + std::to_string(n));
    EXPECT_EQ(parse_recipient_id(to_string(id)), id);
  }
}

TEST(RecipientId, IsReadStrictly) {
  const auto text = to_string(message());
  for (const auto* rest :
       {"", ".postrider", ".postrider.", ".postrider.-1", ".postrider.+1", ".postrider. 1", ".postrider.1x",
        ".postrider.4294967296", ".postrider.01", ".other.1", "postrider.1"})
    EXPECT_FALSE(parse_recipient_id(text + rest)) << rest;
}

TEST(RecipientId, RecipientsOfOneMessageHashApart) {
  EXPECT_NE(std::hash<RecipientId>{}({message(), 0}), std::hash<RecipientId>{}({message(), 1}));
}

}  // namespace
}  // namespace postrider

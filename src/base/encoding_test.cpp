// SPDX-License-Identifier: Apache-2.0
#include "base/encoding.h"

#include <gtest/gtest.h>

#include "testing/seeded_random.h"

namespace postrider {
namespace {

TEST(Base64, AgreesWithTheVectorsOfRfc4648) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(base64(plain), encoded);
    EXPECT_EQ(unbase64(encoded), plain);
    const auto bare = encoded.substr(0, encoded.find('='));
    EXPECT_EQ(base64url(plain), bare);
    EXPECT_EQ(unbase64url(bare), plain);
  }
}

TEST(Base64, AppendsBehindWhatIsThere) {
  std::string out = "x: ";
  append_base64(out, "fo");
  EXPECT_EQ(out, "x: Zm8=");
}

TEST(Base64, TheTwoAlphabetsDifferInTwoCharacters) {
  EXPECT_EQ(base64("\xFB\xFF\xBF"), "+/+/");
  EXPECT_EQ(base64url("\xFB\xFF\xBF"), "-_-_");
  EXPECT_FALSE(unbase64("-_-_"));
  EXPECT_FALSE(unbase64url("+/+/"));
}

TEST(Base64, IsReadStrictly) {
  for (const auto* wrong : {"Zg", "Zg=", "Zg===", "Zm8==", "Z===", "====", "=", "Zm9v\n", "Zm 9", "Zm=v",
                            "Zg==Zg==", "Zh==" /* bits that mean nothing */, "Zm9=", "Z"})
    EXPECT_FALSE(unbase64(wrong)) << wrong;
  for (const auto* wrong : {"Zg==", "Z", "Zh", "Zm9", "Zm9v=", "a b", "Zm9vY"})
    EXPECT_FALSE(unbase64url(wrong)) << wrong;
}

TEST(Base64, AnyBytesComeBack) {
  testing::SeededRandom random(5);
  for (std::size_t size = 0; size < 300; ++size) {
    std::string bytes(size, '\0');
    random.fill({reinterpret_cast<std::uint8_t*>(bytes.data()), size});
    ASSERT_EQ(unbase64(base64(bytes)), bytes);
    ASSERT_EQ(unbase64url(base64url(bytes)), bytes);
    ASSERT_EQ(unhex(hex(bytes)), bytes);
  }
}

TEST(Hex, IsLowerCaseAndReadInEither) {
  EXPECT_EQ(hex(std::string_view("\x00\x1f\xff", 3)), "001fff");
  EXPECT_EQ(unhex("1fFF"), "\x1f\xff");
  EXPECT_EQ(unhex(""), "");
  for (const auto* wrong : {"0", "0g", "g0", "0x", " 00", "00 "}) EXPECT_FALSE(unhex(wrong)) << wrong;
}

TEST(Base62, IsMostSignificantFirstAndPadded) {
  EXPECT_EQ(base62(0, 4), "0000");
  EXPECT_EQ(base62(61, 2), "0z");
  EXPECT_EQ(base62(62, 2), "10");
  EXPECT_EQ(base62(UINT32_MAX, 6), "4gfFC3");
}

TEST(Base62, KeepsTheLowDigitsOfWhatDoesNotFit) {
  EXPECT_EQ(base62(62 * 62 + 5, 2), "05");
}

TEST(Crc32, IsTheOneOfZlib) {
  EXPECT_EQ(crc32(""), 0u);
  EXPECT_EQ(crc32("123456789"), 0xCBF43926u);
}

}  // namespace
}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace postrider {
namespace {

TEST(Text, CaseIsThatOfAsciiOnly) {
  EXPECT_EQ(lower("AZaz09@[`{"), "azaz09@[`{");
  EXPECT_EQ(lower("\xC3\x84"), "\xC3\x84");
  EXPECT_TRUE(same_ignoring_case("Content-TYPE", "content-type"));
  EXPECT_FALSE(same_ignoring_case("a", "ab"));
  EXPECT_FALSE(same_ignoring_case("[", "{"));  // 32 apart, and no letters
}

TEST(Text, APrefixIsFoundInEitherCaseAndNeverBeyondTheEnd) {
  EXPECT_TRUE(starts_ignoring_case("BEARER x", "Bearer "));
  EXPECT_TRUE(starts_ignoring_case("x", ""));
  EXPECT_FALSE(starts_ignoring_case("Bear", "Bearer"));
}

TEST(Text, TrimsWhiteSpaceAtBothEndsOnly) {
  EXPECT_EQ(trim(" \t\r\n a b \r\n"), "a b");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(trim("\v a"), "\v a");
}

TEST(Text, ClassesAreThoseOfAscii) {
  EXPECT_TRUE(is_digit('0') && is_digit('9'));
  EXPECT_FALSE(is_digit('/') || is_digit(':'));
  EXPECT_TRUE(is_alpha('a') && is_alpha('Z'));
  EXPECT_FALSE(is_alpha('@') || is_alpha('[') || is_alpha('`') || is_alpha('{'));
  EXPECT_TRUE(is_ascii(std::string_view("a\0\x7f", 3)));
  EXPECT_FALSE(is_ascii("\x80"));
}

// RFC 3629.
TEST(Utf8, TheFirstAndLastOfEachLengthAreWellFormed) {
  for (const auto* text : {"", "\x7f", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xEF\xBF\xBF", "\xED\x9F\xBF",
                           "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(text)) << text;
}

TEST(Utf8, WhatIsCutOverlongOrNoCharacterIsNot) {
  for (const auto* text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF",  // overlong
        "\xED\xA0\x80", "\xED\xBF\xBF",                                              // surrogates
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF",                      // beyond U+10FFFF
        "\xC2", "\xE0\xA0", "\xF0\x90\x80",
        "\xC2"
        "a",
        "\xE0\xA0"
        "a",
        "a\xC2\x80\x80"})
    EXPECT_FALSE(is_utf8(text));
}

TEST(Utf8, EveryCharacterThereIsAndNoOther) {
  const auto encode = [](std::uint32_t c) {
    const auto tail = [&](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3F)); };
    if (c < 0x80) return std::string{static_cast<char>(c)};
    if (c < 0x800) return std::string{static_cast<char>(0xC0 | c >> 6), tail(0)};
    if (c < 0x10000) return std::string{static_cast<char>(0xE0 | c >> 12), tail(6), tail(0)};
    return std::string{static_cast<char>(0xF0 | c >> 18), tail(12), tail(6), tail(0)};
  };
  for (std::uint32_t c = 0; c < 0x120000; ++c)
    ASSERT_EQ(is_utf8(encode(c)), c < 0x110000 && (c < 0xD800 || c > 0xDFFF)) << c;
}

}  // namespace
}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#include "protocol/mail/parameter.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace postrider::mail {
namespace {

std::string parameter(std::string_view value) {
  std::string out;
  append_parameter(out, "filename", value);
  return out;
}

TEST(Parameter, takes_the_plainest_form) {
  EXPECT_EQ(parameter("report.pdf"), ";\r\n filename=report.pdf");
  EXPECT_EQ(parameter("the report.pdf"), ";\r\n filename=\"the report.pdf\"");
  EXPECT_EQ(parameter("a\"b\\c.txt"), ";\r\n filename=\"a\\\"b\\\\c.txt\"");
  EXPECT_EQ(parameter(""), ";\r\n filename=\"\"");
  EXPECT_EQ(parameter("\u20ac rates.txt"), ";\r\n filename*=utf-8''%E2%82%AC%20rates.txt");
  EXPECT_EQ(parameter("a\r\nB: c"), ";\r\n filename*=utf-8''a%0D%0AB%3A%20c");
}

TEST(Parameter, long_values_come_in_pieces_that_join) {
  std::string value;
  for (int i = 0; i < 200; ++i) value += i % 3 ? "\u20ac" : "ab";
  const auto text = parameter(value);
  std::string joined;
  int number = 0;
  for (std::size_t at = 0; at < text.size(); ++number) {
    const auto start = ";\r\n filename*" + std::to_string(number) + "*=";
    ASSERT_EQ(text.compare(at, start.size(), start), 0);
    const auto end = std::min(text.find(";\r\n", at + 1), text.size());
    EXPECT_LE(end - at - 3, 76u);
    const auto piece = text.substr(at + start.size(), end - at - start.size());
    EXPECT_FALSE(piece.ends_with('%') || piece[piece.size() - 2] == '%');
    joined += piece;
    at = end;
  }
  ASSERT_TRUE(joined.starts_with("utf-8''"));
  std::string decoded;
  for (std::size_t i = 7; i < joined.size(); ++i) {
    if (joined[i] == '%')
      decoded += unhex(joined.substr(i + 1, 2)).value(), i += 2;
    else
      decoded += joined[i];
  }
  EXPECT_EQ(decoded, value);
}

TEST(Parameter, the_legacy_form_is_encoded_words_in_quotes) {
  std::string out;
  append_legacy_parameter(out, "name", "\u20ac.txt");
  EXPECT_EQ(out, ";\r\n name=\"=?utf-8?q?=E2=82=AC=2Etxt?=\"");
  out.clear();
  append_legacy_parameter(out, "name", "plain.txt");
  EXPECT_EQ(out, ";\r\n name=plain.txt");
}

}  // namespace
}  // namespace postrider::mail

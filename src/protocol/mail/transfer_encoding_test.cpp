// SPDX-License-Identifier: Apache-2.0
#include "protocol/mail/transfer_encoding.h"

#include <gtest/gtest.h>

#include <random>

#include "base/encoding.h"

namespace postrider::mail {
namespace {

std::string encoded(std::string_view text, TransferEncoding encoding) {
  std::string out;
  append_encoded(out, text, encoding);
  return out;
}
std::string to_quoted(std::string_view text) {
  return encoded(text, TransferEncoding::quoted_printable);
}
std::string lines(std::string_view text) {
  return encoded(text, TransferEncoding::seven_bit);
}

std::string from_quoted(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=')
      out += text[i];
    else if (text.substr(i + 1, 2) == "\r\n")
      i += 2;
    else
      out += unhex(text.substr(i + 1, 2)).value(), i += 2;
  }
  return out;
}

TEST(Lines, every_kind_of_line_end_becomes_crlf) {
  EXPECT_EQ(lines("a\nb\r\nc\rd"), "a\r\nb\r\nc\r\nd");
  EXPECT_EQ(lines("\n\r\n\r\r\n\n"), "\r\n\r\n\r\n\r\n\r\n");
  EXPECT_EQ(lines("\r\r"), "\r\n\r\n");
  EXPECT_EQ(lines("a\r"), "a\r\n");
  EXPECT_EQ(lines(""), "");
}

TEST(QuotedPrintable, escapes_what_it_must) {
  EXPECT_EQ(to_quoted("a = b"), "a =3D b");
  EXPECT_EQ(to_quoted("K\u00f6ln"), "K=C3=B6ln");
  EXPECT_EQ(to_quoted("end \nnext\t"), "end=20\r\nnext=09");
  EXPECT_EQ(to_quoted(".\n..x"), "=2E\r\n=2E.x");
  EXPECT_EQ(to_quoted("From me\nFromage"), "=46rom me\r\nFromage");
  EXPECT_EQ(to_quoted("a\rb"), "a\r\nb");
}

TEST(QuotedPrintable, keeps_lines_to_76_and_decodes_to_the_text) {
  std::mt19937 random(11);
  const std::string_view pieces[] = {"a",  "word ", "=",  "\u20ac",
                                     ".",  "From ", " ",  "\t",
                                     "\n", "\r\n",  "\r", "0123456789012345678901234567890123456789"};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (auto n = random() % 80; n > 0; --n) text += pieces[random() % std::size(pieces)];
    const auto out = to_quoted(text);
    ASSERT_EQ(from_quoted(out), lines(text));
    for (std::size_t from = 0; from < out.size();) {
      const auto end = std::min(out.find("\r\n", from), out.size());
      const auto line = std::string_view(out).substr(from, end - from);
      ASSERT_LE(line.size(), 76u);
      ASSERT_FALSE(line.starts_with('.') || line.starts_with("From "));
      ASSERT_FALSE(line.ends_with(' ') || line.ends_with('\t'));
      from = end + 2;
    }
  }
}

TEST(BestEncoding, is_the_plainest_that_is_legal) {
  using enum TransferEncoding;
  EXPECT_EQ(best_encoding(""), seven_bit);
  EXPECT_EQ(best_encoding("Hello\nworld = 1\n"), seven_bit);
  EXPECT_EQ(best_encoding(std::string(998, 'x') + "\n"), seven_bit);
  EXPECT_EQ(best_encoding(std::string(999, 'x')), quoted_printable);
  EXPECT_EQ(best_encoding("a\n\nFrom me"), quoted_printable);
  EXPECT_EQ(best_encoding("Gr\u00fc\u00dfe aus K\u00f6ln, das ist fast alles ASCII"), quoted_printable);
  std::string chinese;
  for (int i = 0; i < 100; ++i) chinese += "\u4f60\u597d";
  EXPECT_EQ(best_encoding(chinese), base64);
  EXPECT_EQ(best_encoding(std::string("a\0b", 3)), quoted_printable);
}

TEST(Base64Lines, have_76_characters) {
  std::string out;
  append_base64_lines(out, std::string(58, 'x'));
  EXPECT_EQ(out, base64(std::string(57, 'x')) + "\r\n" + "eA==\r\n");
  out.clear();
  append_base64_lines(out, "");
  EXPECT_EQ(out, "");
  EXPECT_EQ(encoded("a\nb", TransferEncoding::base64), base64("a\r\nb") + "\r\n");
}

}  // namespace
}  // namespace postrider::mail

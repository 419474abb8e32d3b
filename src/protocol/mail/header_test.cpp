// SPDX-License-Identifier: Apache-2.0
#include "protocol/mail/header.h"

#include <gtest/gtest.h>

#include <random>

#include "base/encoding.h"
#include "base/text.h"
#include "protocol/mail/encoded_word.h"
#include "protocol/mail/mailbox.h"

namespace postrider::mail {
namespace {

std::string header(std::string_view name, std::string_view value) {
  std::string out;
  append_header(out, name, value);
  return out;
}

std::size_t longest_line(std::string_view text) {
  std::size_t longest = 0;
  for (std::size_t from = 0; from < text.size();) {
    const auto end = std::min(text.find("\r\n", from), text.size());
    longest = std::max(longest, end - from);
    from = end + 2;
  }
  return longest;
}

std::string unfolded(std::string text) {
  for (auto at = text.find("\r\n "); at != std::string::npos; at = text.find("\r\n ", at)) text.erase(at, 2);
  for (auto at = text.find("\r\n\t"); at != std::string::npos; at = text.find("\r\n\t", at))
    text.erase(at, 2);
  return text;
}

// RFC 2047 the other way, as readers do it: encoded words decode, white space between two of them goes.
std::string decoded(std::string_view value) {
  std::string out;
  std::size_t at = 0;
  bool after_word = false;
  while (at < value.size()) {
    const auto word = value.find("=?utf-8?", at);
    const auto plain = value.substr(at, word == std::string_view::npos ? std::string_view::npos : word - at);
    if (!(after_word && word != std::string_view::npos && trim(plain).empty())) out += plain;
    if (word == std::string_view::npos) break;
    const auto from = word + 10;
    const auto end = value.find("?=", from);
    const auto payload = value.substr(from, end - from);
    EXPECT_LE(end + 2 - word, 75u);
    std::string piece;
    if (value[word + 8] == 'b') {
      piece = unbase64(payload).value();
    } else {
      for (std::size_t i = 0; i < payload.size(); ++i) {
        if (payload[i] == '_')
          piece += ' ';
        else if (payload[i] == '=')
          piece += unhex(payload.substr(i + 1, 2)).value(), i += 2;
        else
          piece += payload[i];
      }
    }
    EXPECT_TRUE(is_utf8(piece)) << "cut within a character";
    out += piece;
    at = end + 2;
    after_word = true;
  }
  return out;
}

TEST(Header, short_ones_stay_on_a_line) {
  EXPECT_EQ(header("Subject", "Hello"), "Subject: Hello\r\n");
}

TEST(Header, long_ones_fold_before_spaces_and_unfold_to_themselves) {
  std::string value = "a";
  for (int i = 0; i < 100; ++i) value += i % 3 ? " word" : "  wider\tword";
  const auto text = header("X-Test", value);
  EXPECT_LE(longest_line(text), 76u);
  EXPECT_EQ(unfolded(text), "X-Test: " + value + "\r\n");
}

TEST(Header, a_long_word_stays_beside_its_name_while_the_hard_limit_allows) {
  const std::string url = "<https://example.com/" + std::string(300, 'x') + ">";
  EXPECT_EQ(header("List-Unsubscribe", url), "List-Unsubscribe: " + url + "\r\n");
  const std::string longest(997, 'x');
  EXPECT_TRUE(is_header_value(longest));
  EXPECT_EQ(longest_line(header("List-Unsubscribe", longest)), 998u);
  EXPECT_FALSE(is_header_value(longest + "x"));
  EXPECT_FALSE(is_header_value("a" + std::string(990, ' ') + longest));
}

TEST(HeaderList, refuses_what_could_end_a_header) {
  HeaderList list;
  for (const std::string& value :
       {std::string("a\r\nBcc: x@example.com"), std::string("a\nb"), std::string("a\rb"),
        std::string("a\0b", 3), std::string("a\x7f"), std::string("a "), std::string("\xff")})
    EXPECT_EQ(list.add("X-Test", value).error().code, Code::invalid);
  for (const auto* name : {"", "X Test", "X:Test", "X\r\nTest", "X-T\xc3\xa4st"})
    EXPECT_FALSE(list.add(name, "value"));
  EXPECT_EQ(list.size(), 0u);
}

TEST(HeaderList, keeps_order_and_finds_in_any_case) {
  HeaderList list;
  ASSERT_TRUE(list.add("From", "a@example.com"));
  ASSERT_TRUE(list.add("X-One", "1"));
  ASSERT_TRUE(list.add("x-one", "2"));
  std::string out;
  list.append_to(out);
  EXPECT_EQ(out, "From: a@example.com\r\nX-One: 1\r\nx-one: 2\r\n");
  EXPECT_EQ(*list.find("X-ONE"), "1");
  EXPECT_EQ(list.find("Subject"), nullptr);
}

TEST(Unstructured, encodes_the_words_that_need_it) {
  EXPECT_EQ(unstructured("Hello,  world"), "Hello,  world");
  EXPECT_EQ(unstructured("Gr\u00fc\u00dfe aus K\u00f6ln am Rhein"),
            "=?utf-8?q?Gr=C3=BC=C3=9Fe?= aus =?utf-8?q?K=C3=B6ln?= am Rhein");
  EXPECT_EQ(unstructured("\u4f60\u597d"), "=?utf-8?b?5L2g5aW9?=");
  EXPECT_EQ(unstructured("=?utf-8?q?x?= as text"), "=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?= as text");
  EXPECT_EQ(unstructured(""), "");
  EXPECT_EQ(unstructured(" \t "), "");
}

TEST(Unstructured, line_breaks_and_nulls_travel_encoded_if_at_all) {
  const auto value = unstructured(std::string("a\r\nBcc: x\0y", 12));
  EXPECT_TRUE(is_header_value(value));
  EXPECT_EQ(decoded(value), std::string("a\r\nBcc: x\0y", 12));
}

TEST(Unstructured, any_text_survives) {
  std::mt19937 random(7);
  const std::string_view pieces[] = {"a",  "Word", " ", "  ", "\t", "\u00e4", "\u20ac", "\U0001F600",  "=?",
                                     "?=", "=",    "_", "\"", ",",  "\r\n",   "\x01",   "longer-word", "."};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (auto n = random() % 60; n > 0; --n) text += pieces[random() % std::size(pieces)];
    const std::string kept(trim(text));
    const auto value = unstructured(text);
    ASSERT_TRUE(is_header_value(value)) << text;
    ASSERT_TRUE(is_ascii(value));
    ASSERT_EQ(decoded(value), kept);
    const auto field = header("Subject", value);
    ASSERT_LE(longest_line(field), 200u);
    ASSERT_EQ(unfolded(field), "Subject: " + value + "\r\n");
  }
}

TEST(Unstructured, a_word_without_end_is_cut) {
  const auto value = unstructured(std::string(5000, 'x'));
  EXPECT_TRUE(is_header_value(value));
  EXPECT_EQ(decoded(value), std::string(5000, 'x'));
}

TEST(Mailbox, writes_names_in_the_plainest_legal_form) {
  const auto form = [](std::string name) {
    return header_form(Mailbox{std::move(name), *Address::parse("j@example.com")});
  };
  EXPECT_EQ(form(""), "j@example.com");
  EXPECT_EQ(form("Joe SixPack"), "Joe SixPack <j@example.com>");
  EXPECT_EQ(form("Six, Joe"), "\"Six, Joe\" <j@example.com>");
  EXPECT_EQ(form("Joe \"J\" \\ Six"), "\"Joe \\\"J\\\" \\\\ Six\" <j@example.com>");
  EXPECT_EQ(form("J\u00f6rg"), "=?utf-8?q?J=C3=B6rg?= <j@example.com>");
  EXPECT_EQ(form("x\r\nBcc: a@b.c"), "=?utf-8?q?x=0D=0ABcc=3A_a=40b=2Ec?= <j@example.com>");
  const auto endless = form(std::string(400, 'n'));
  EXPECT_TRUE(is_header_value(endless));
  EXPECT_LE(longest_line(header("From", endless)), 76u);
}

TEST(Mailbox, addresses_are_ascii_unless_they_cannot_be) {
  EXPECT_EQ(header_form(Mailbox{"", *Address::parse("j@b\u00fccher.example")}), "j@xn--bcher-kva.example");
  EXPECT_EQ(header_form(Mailbox{"", *Address::parse("j\u00f6@b\u00fccher.example")}),
            "j\u00f6@b\u00fccher.example");
  const Mailbox both[] = {{"A", *Address::parse("a@example.com")}, {"", *Address::parse("b@example.com")}};
  EXPECT_EQ(header_form(both), "A <a@example.com>, b@example.com");
}

}  // namespace
}  // namespace postrider::mail

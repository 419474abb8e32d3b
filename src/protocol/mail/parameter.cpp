// SPDX-License-Identifier: Apache-2.0
#include "protocol/mail/parameter.h"

#include <algorithm>

#include "base/text.h"
#include "protocol/mail/encoded_word.h"

namespace postrider::mail {
namespace {

constexpr std::size_t wanted_line = 76;
constexpr std::size_t longest_quoted =
    200;  // within the hard limit of a line, and most readers join pieces badly

bool is_token_char(char c) {
  return c > ' ' && c < 0x7f && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}

// RFC 2231 7 attribute-char.
bool is_attribute_char(char c) {
  return is_token_char(c) && c != '*' && c != '\'' && c != '%';
}

bool is_quotable(std::string_view value) {
  return value.size() <= longest_quoted &&
         std::ranges::all_of(value, [](char c) { return c >= ' ' && c < 0x7f; });
}

void append_quoted(std::string& out, std::string_view name, std::string_view value) {
  out.append(";\r\n ").append(name).push_back('=');
  if (is_token(value)) {
    out.append(value);
    return;
  }
  out.push_back('"');
  for (char c : value) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

std::string percent_encoded(std::string_view value) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (char c : value) {
    if (is_attribute_char(c)) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
  return out;
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

void append_parameter(std::string& out, std::string_view name, std::string_view value) {
  if (is_quotable(value)) return append_quoted(out, name, value);
  const std::string encoded = "utf-8''" + percent_encoded(value);
  if (name.size() + encoded.size() + 4 <= wanted_line) {
    out.append(";\r\n ").append(name).append("*=").append(encoded);
    return;
  }
  const std::size_t room = wanted_line - name.size() - 10;  // " name*NNN*=" and ";"
  std::size_t from = 0;
  for (int number = 0; from < encoded.size(); ++number) {
    auto to = std::min(from + room, encoded.size());
    // Not within a %XX.
    if (to < encoded.size()) to -= encoded[to - 1] == '%' ? 1 : encoded[to - 2] == '%' ? 2 : 0;
    out.append(";\r\n ").append(name).append("*").append(std::to_string(number)).append("*=");
    out.append(encoded, from, to - from);
    from = to;
  }
}

void append_legacy_parameter(std::string& out, std::string_view name, std::string_view value) {
  if (is_quotable(value)) return append_quoted(out, name, value);
  std::string words;
  append_encoded_words(words, value);
  out.append(";\r\n ").append(name).append("=\"");
  for (char c : words) {
    if (c == ' ') out.append("\r\n");
    out.push_back(c);
  }
  out.push_back('"');
}

}  // namespace postrider::mail

// SPDX-License-Identifier: Apache-2.0
#include "protocol/json/writer.h"

#include <array>

#include "base/text.h"

namespace postrider::json {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

// Bytes that cannot stand in a string as they are.
constexpr auto escaped = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = true;
  table['"'] = table['\\'] = true;
  return table;
}();

void escape_byte(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\b':
      out += "\\b";
      break;
    case '\f':
      out += "\\f";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      (((out += "\\u00") += digits[static_cast<unsigned char>(c) >> 4]) += digits[c & 0xF]);
      break;
  }
}

void escape_valid(std::string& out, std::string_view text) {
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!escaped[static_cast<unsigned char>(text[i])]) continue;
    out.append(text, plain, i - plain);
    escape_byte(out, text[i]);
    plain = i + 1;
  }
  out.append(text, plain);
}

// One well-formed character at the front of `text`, or none.
std::string_view character(std::string_view text) {
  for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length)
    if (is_utf8(text.substr(0, length))) return text.substr(0, length);
  return {};
}

}  // namespace

void escape(std::string& out, std::string_view text) {
  if (is_utf8(text)) return escape_valid(out, text);
  while (!text.empty()) {
    const auto next = character(text);
    if (next.empty())
      out += replacement;
    else
      escape_valid(out, next);
    text.remove_prefix(next.empty() ? 1 : next.size());
  }
}

Writer& Writer::key(std::string_view name) {
  string(name);
  out_ += ':';
  comma_ = false;
  return *this;
}

Writer& Writer::string(std::string_view text) {
  separate();
  out_ += '"';
  escape(out_, text);
  out_ += '"';
  return *this;
}

Writer& Writer::token(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

Writer& Writer::value(Value value) {
  switch (value.kind()) {
    case Kind::missing:
      return null();
    case Kind::string:
      return string(*value.as_string());
    case Kind::array:
      begin_array();
      for (const auto element : value.elements()) this->value(element);
      return end_array();
    case Kind::object:
      begin_object();
      for (const auto& member : value.members()) key(member.key).value(member.value);
      return end_object();
    default:
      return token(value.token());
  }
}

Writer& Writer::open(char bracket) {
  separate();
  out_ += bracket;
  comma_ = false;
  return *this;
}

Writer& Writer::close(char bracket) {
  out_ += bracket;
  comma_ = true;
  return *this;
}

void Writer::separate() {
  if (comma_) out_ += ',';
  comma_ = true;
}

}  // namespace postrider::json

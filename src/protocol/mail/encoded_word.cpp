// SPDX-License-Identifier: Apache-2.0
#include "protocol/mail/encoded_word.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"

namespace postrider::mail {
namespace {

constexpr std::string_view open_q = "=?utf-8?q?", open_b = "=?utf-8?b?", close = "?=";
// Leaves room for "Subject: " before it on a line of 76 (RFC 2047 2 allows a word 75).
constexpr std::size_t most_payload = 64 - open_q.size() - close.size();
constexpr std::size_t longest_plain_word = 800;  // past it a line of 998 would be in danger
constexpr std::size_t longest_quoted_name = 64;  // past it encoded words fold better than a quoted string

// The characters RFC 2047 5(3) lets stand for themselves even in a phrase.
bool is_literal(char c) {
  return is_alpha(c) || is_digit(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/';
}

std::size_t q_size(char c) {
  return is_literal(c) || c == ' ' ? 1 : 3;
}

void append_q(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  if (is_literal(c)) return out.push_back(c);
  if (c == ' ') return out.push_back('_');
  const auto byte = static_cast<unsigned char>(c);
  out.push_back('=');
  out.push_back(digits[byte >> 4]);
  out.push_back(digits[byte & 15]);
}

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// The end of the UTF-8 character that starts at `from`; a broken one ends after four bytes at most.
std::size_t character_end(std::string_view text, std::size_t from) {
  std::size_t end = from + 1;
  while (end < text.size() && end < from + 4 && continues_character(text[end])) ++end;
  return end;
}

bool is_plain_word(std::string_view word) {
  return word.size() <= longest_plain_word && word.find("=?") == std::string_view::npos &&
         std::ranges::all_of(word, [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

bool is_atom_char(char c) {
  return is_alpha(c) || is_digit(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

// Atoms with single spaces between them.
bool is_plain_phrase(std::string_view name) {
  char before = ' ';
  for (char c : name) {
    if (c == ' ' ? before == ' ' : !is_atom_char(c)) return false;
    before = c;
  }
  return before != ' ';
}

}  // namespace

void append_encoded_words(std::string& out, std::string_view text) {
  std::size_t q_total = 0;
  for (char c : text) q_total += q_size(c);
  // Text that is mostly ASCII stays legible to people and filters, at the price of some length.
  const bool q = 2 * q_total <= 3 * ((text.size() + 2) / 3 * 4);
  for (std::size_t from = 0; from < text.size();) {
    std::size_t to = from, q_used = 0;
    while (to < text.size()) {
      const auto next = character_end(text, to);
      std::size_t more = 0;
      for (auto i = to; i < next; ++i) more += q_size(text[i]);
      if ((q ? q_used + more : (next - from + 2) / 3 * 4) > most_payload) break;
      q_used += more;
      to = next;
    }
    if (from > 0) out.push_back(' ');
    out.append(q ? open_q : open_b);
    if (q) {
      for (char c : text.substr(from, to - from)) append_q(out, c);
    } else {
      append_base64(out, text.substr(from, to - from));
    }
    out.append(close);
    from = to;
  }
}

std::string unstructured(std::string_view text) {
  text = trim(text);
  std::string out;
  out.reserve(text.size() + 32);
  std::size_t encode_from = std::string_view::npos,
              encode_to = 0;  // a run of words to encode, with its inner spaces
  const auto flush = [&] {
    if (encode_from == std::string_view::npos) return;
    append_encoded_words(out, text.substr(encode_from, encode_to - encode_from));
    encode_from = std::string_view::npos;
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto word = std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_space);
    const auto begin = static_cast<std::size_t>(word - text.begin());
    const auto end = static_cast<std::size_t>(std::find_if(word, text.end(), is_space) - text.begin());
    if (is_plain_word(text.substr(begin, end - begin))) {
      flush();
      out.append(text.substr(at, end - at));
    } else {
      if (encode_from == std::string_view::npos) {
        out.append(text.substr(at, begin - at));
        encode_from = begin;
      }
      encode_to = end;
    }
    at = end;
  }
  flush();
  return out;
}

std::string phrase(std::string_view name) {
  name = trim(name);
  const bool printable = std::ranges::all_of(name, [](char c) { return c >= ' ' && c < 0x7f; });
  if (!printable || name.size() > longest_quoted_name || name.find("=?") != std::string_view::npos) {
    std::string out;
    append_encoded_words(out, name);
    return out;
  }
  if (name.empty() || is_plain_phrase(name)) return std::string(name);
  std::string out = "\"";
  for (char c : name) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

}  // namespace postrider::mail

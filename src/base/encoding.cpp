// SPDX-License-Identifier: Apache-2.0
#include "base/encoding.h"

#include <array>

namespace postrider {
namespace {

constexpr std::string_view standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

using Table = std::array<std::int8_t, 256>;
constexpr Table reverse(std::string_view alphabet) {
  Table table{};
  table.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return table;
}
constexpr Table from_standard = reverse(standard);
constexpr Table from_url_safe = reverse(url_safe);

void encode(std::string& out, std::string_view in, std::string_view alphabet, bool pad) {
  const auto start = out.size();
  out.resize(start + (in.size() + 2) / 3 * 4);
  char* to = out.data() + start;
  std::size_t i = 0;
  for (; i + 3 <= in.size(); i += 3) {
    const std::uint32_t word = static_cast<std::uint32_t>(static_cast<unsigned char>(in[i])) << 16 |
                               static_cast<std::uint32_t>(static_cast<unsigned char>(in[i + 1])) << 8 |
                               static_cast<unsigned char>(in[i + 2]);
    *to++ = alphabet[word >> 18];
    *to++ = alphabet[word >> 12 & 63];
    *to++ = alphabet[word >> 6 & 63];
    *to++ = alphabet[word & 63];
  }
  if (const auto left = in.size() - i) {
    std::uint32_t word = static_cast<std::uint32_t>(static_cast<unsigned char>(in[i])) << 16;
    if (left == 2) word |= static_cast<std::uint32_t>(static_cast<unsigned char>(in[i + 1])) << 8;
    *to++ = alphabet[word >> 18];
    *to++ = alphabet[word >> 12 & 63];
    if (left == 2) *to++ = alphabet[word >> 6 & 63];
    for (auto n = left; pad && n < 3; ++n) *to++ = '=';
  }
  out.resize(static_cast<std::size_t>(to - out.data()));
}

std::optional<std::string> decode(std::string_view text, const Table& table) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t word = 0;
  int bits = 0;
  for (char c : text) {
    const int value = table[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    word = word << 6 | static_cast<std::uint32_t>(value);
    if ((bits += 6) >= 8) out.push_back(static_cast<char>(word >> (bits -= 8)));
  }
  if (word & ((1u << bits) - 1)) return std::nullopt;  // the bits left over must be zero
  return out;
}

constexpr std::array<std::uint32_t, 256> crc_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xEDB88320u : 0u);
    table[i] = value;
  }
  return table;
}();

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (char c : bytes) {
    out.push_back(digits[static_cast<unsigned char>(c) >> 4]);
    out.push_back(digits[static_cast<unsigned char>(c) & 15]);
  }
  return out;
}

std::optional<std::string> unhex(std::string_view text) {
  if (text.size() % 2) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = nibble(text[i]), low = nibble(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high << 4 | low));
  }
  return out;
}

std::string base64(std::string_view bytes) {
  std::string out;
  encode(out, bytes, standard, true);
  return out;
}

void append_base64(std::string& out, std::string_view bytes) {
  encode(out, bytes, standard, true);
}

std::optional<std::string> unbase64(std::string_view text) {
  if (text.size() % 4) return std::nullopt;
  if (text.ends_with('=')) text.remove_suffix(text.ends_with("==") ? 2 : 1);
  return decode(text, from_standard);
}

std::string base64url(std::string_view bytes) {
  std::string out;
  encode(out, bytes, url_safe, false);
  return out;
}

std::optional<std::string> unbase64url(std::string_view text) {
  return decode(text, from_url_safe);
}

std::string base62(std::uint32_t value, std::size_t width) {
  constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string out(width, '0');
  for (auto at = width; at > 0 && value; value /= 62) out[--at] = digits[value % 62];
  return out;
}

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFFu;
  for (char c : bytes) crc = crc_table[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ crc >> 8;
  return ~crc;
}

}  // namespace postrider

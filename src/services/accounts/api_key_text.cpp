// SPDX-License-Identifier: Apache-2.0
#include "services/accounts/api_key_text.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"

namespace postrider::accounts {
namespace {

constexpr std::string_view prefix = "SG.";
constexpr std::size_t id_size = 22;
constexpr std::size_t random_size = 37;
constexpr std::size_t sum_size = 6;
constexpr std::size_t secret_at = prefix.size() + id_size + 1;
constexpr std::size_t whole_size = secret_at + random_size + sum_size;
static_assert(whole_size == 69);

std::string sum_of(std::string_view secret) {
  return base62(crc32(secret.substr(0, random_size)), sum_size);
}

bool is_key_character(char c) {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '_';
}

}  // namespace

ApiKeyText ApiKeyText::generate(Random& random) {
  const auto id = new_api_key_id(random);
  std::string secret;
  while (secret.size() < random_size) secret += base62(static_cast<std::uint32_t>(random.below(62)), 1);
  secret += sum_of(secret);
  return {id, std::string(prefix) + to_string(id) + "." + secret};
}

std::optional<ApiKeyText> ApiKeyText::parse(std::string_view text) {
  if (text.size() != whole_size || !text.starts_with(prefix) || text[secret_at - 1] != '.')
    return std::nullopt;
  const auto id = parse_api_key_id(text.substr(prefix.size(), id_size));
  const auto secret = text.substr(secret_at);
  if (!id || !std::ranges::all_of(secret, is_key_character) || !secret.ends_with(sum_of(secret)))
    return std::nullopt;
  return ApiKeyText(*id, std::string(text));
}

}  // namespace postrider::accounts

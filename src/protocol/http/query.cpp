// SPDX-License-Identifier: Apache-2.0
#include "protocol/http/query.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/text.h"

namespace postrider::http {

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const char* const digits = text.data() + i + 1;
    std::uint8_t byte = 0;
    if (std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  if (out.contains('\0') || !is_utf8(out)) return std::nullopt;
  return out;
}

Result<Query> Query::parse(std::string_view text) {
  Query query;
  const auto decode = [](std::string_view part) {
    std::string spaced(part);
    std::ranges::replace(spaced, '+', ' ');
    return percent_decode(spaced);
  };
  while (!text.empty()) {
    const auto pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = decode(pair.substr(0, equals));
    auto value = decode(equals == pair.size() ? std::string_view{} : pair.substr(equals + 1));
    if (!name || !value) return Error{Code::invalid, "a query parameter is not percent-encoded UTF-8"};
    query.parameters_.push_back({std::move(*name), std::move(*value)});
  }
  return query;
}

std::optional<std::string_view> Query::find(std::string_view name) const {
  for (const auto& parameter : parameters_)
    if (parameter.name == name) return parameter.value;
  return std::nullopt;
}

std::vector<std::string_view> Query::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& parameter : parameters_)
    if (parameter.name == name) values.emplace_back(parameter.value);
  return values;
}

}  // namespace postrider::http

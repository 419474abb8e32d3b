// SPDX-License-Identifier: Apache-2.0
#include "app/arguments.h"

#include <algorithm>

namespace postrider::app {

Result<Arguments> Arguments::parse(std::span<const std::string> words, std::span<const Option> options) {
  Arguments out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--") {
      out.plain_.insert(out.plain_.end(), words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
      break;
    }
    if (!word.starts_with("--")) {
      out.plain_.emplace_back(word);
      continue;
    }
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    const auto known = std::ranges::find(options, name, &Option::name);
    if (known == options.end()) return Error{Code::invalid, "unknown option " + std::string(name)};
    std::string value;
    if (known->value.empty()) {
      if (equals != std::string_view::npos)
        return Error{Code::invalid, std::string(name) + " takes no value"};
    } else if (equals != std::string_view::npos) {
      value = word.substr(equals + 1);
    } else if (++i < words.size()) {
      value = words[i];
    } else {
      return Error{Code::invalid, std::string(name) + " needs a value: " + std::string(known->value)};
    }
    out.given_.emplace(name, std::move(value));
  }
  return out;
}

std::string Arguments::get(std::string_view option, std::string_view fallback) const {
  const auto values = all(option);
  return values.empty() ? std::string(fallback) : values.back();
}

std::vector<std::string> Arguments::all(std::string_view option) const {
  std::vector<std::string> out;
  for (auto [at, end] = given_.equal_range(option); at != end; ++at) out.push_back(at->second);
  return out;
}

}  // namespace postrider::app

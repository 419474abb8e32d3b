// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/transport.h"

namespace postrider::bench {

// The command line of a measuring program: "--name VALUE" pairs of known names. A wrong one ends the program:
// what is measured must be what was asked for.
class Options {
 public:
  Options(std::vector<std::string_view> words, std::initializer_list<std::string_view> known) {
    for (std::size_t i = 0; i < words.size(); i += 2) {
      bool is_known = false;
      for (const auto name : known) is_known = is_known || words[i] == name;
      if (!is_known) fail("unknown option", words[i]);
      if (i + 1 == words.size()) fail("no value for", words[i]);
      given_.emplace_back(words[i], words[i + 1]);
    }
  }

  std::string text(std::string_view name, std::string_view fallback = "") const {
    for (const auto& [given, value] : given_)
      if (given == name) return std::string(value);
    return std::string(fallback);
  }
  std::vector<std::string> all(std::string_view name) const {
    std::vector<std::string> values;
    for (const auto& [given, value] : given_)
      if (given == name) values.emplace_back(value);
    return values;
  }
  std::uint64_t number(std::string_view name, std::uint64_t fallback) const {
    const auto value = text(name);
    return value.empty() ? fallback : parse<std::uint64_t>(name, value);
  }
  io::Endpoint endpoint(std::string_view name, std::string_view fallback = "") const {
    const auto value = text(name, fallback);
    const auto colon = value.rfind(':');
    if (colon == std::string::npos) fail("wants ADDRESS:PORT:", name);
    return {.address = value.substr(0, colon),
            .port = parse<std::uint16_t>(name, std::string_view(value).substr(colon + 1))};
  }

 private:
  [[noreturn]] static void fail(std::string_view why, std::string_view what) {
    std::fprintf(stderr, "%.*s %.*s\n", static_cast<int>(why.size()), why.data(),
                 static_cast<int>(what.size()), what.data());
    std::exit(2);
  }
  template <class Number>
  static Number parse(std::string_view name, std::string_view value) {
    Number number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size()) fail("wants a number:", name);
    return number;
  }

  std::vector<std::pair<std::string_view, std::string_view>> given_;
};

inline std::vector<std::string_view> words(int count, char** arguments) {
  return {arguments, arguments + count};
}

}  // namespace postrider::bench

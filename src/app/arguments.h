// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace postrider::app {

// One option a command knows: "--name VALUE", or "--name" alone when it takes none.
struct Option {
  std::string_view name;   // "--account"
  std::string_view value;  // what stands for its value in the help; empty = it takes none
  std::string_view help;
};

// A command line taken apart: what stands by itself, and options. Options may stand anywhere and be given
// again; what follows "--" is none.
class Arguments {
 public:
  // invalid = an option this command does not know, or one without its value.
  static Result<Arguments> parse(std::span<const std::string> words, std::span<const Option> options);

  const std::vector<std::string>& plain() const { return plain_; }
  bool has(std::string_view option) const { return given_.contains(option); }
  std::string get(std::string_view option, std::string_view fallback = "") const;  // the last one given
  std::vector<std::string> all(std::string_view option) const;

 private:
  std::vector<std::string> plain_;
  std::multimap<std::string, std::string, std::less<>> given_;
};

}  // namespace postrider::app

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace postrider::dkim {

// "v=1; a=rsa-sha256; …" (RFC 6376 3.2), of a signature or a key record. Views into the parsed text.
class TagList {
 public:
  // Code::invalid for anything but tags with legal names, each at most once.
  static Result<TagList> parse(std::string_view text);

  std::optional<std::string_view> find(std::string_view name) const;      // without white space around it
  std::optional<std::string_view> find_raw(std::string_view name) const;  // all between '=' and ';'
  std::string_view first() const { return tags_.empty() ? std::string_view{} : tags_.front().name; }

 private:
  struct Tag {
    std::string_view name;
    std::string_view raw;
  };
  std::vector<Tag> tags_;
};

// The colon-separated items of a value, without white space around them.
std::vector<std::string_view> colon_list(std::string_view value);
bool colon_list_has(std::string_view value, std::string_view item);

std::string without_space(std::string_view value);  // as base64 in tags may be folded anywhere

}  // namespace postrider::dkim

// SPDX-License-Identifier: Apache-2.0
#include "protocol/dkim/tag_list.h"

#include <algorithm>

#include "base/text.h"

namespace postrider::dkim {
namespace {

bool is_tag_name(std::string_view name) {
  return !name.empty() && is_alpha(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_alpha(c) || is_digit(c) || c == '_'; });
}

}  // namespace

Result<TagList> TagList::parse(std::string_view text) {
  TagList list;
  while (!trim(text).empty()) {
    const auto end = std::min(text.find(';'), text.size());
    const auto spec = text.substr(0, end);
    const auto equals = spec.find('=');
    if (equals == std::string_view::npos) return Error{Code::invalid, "a tag without a value"};
    const auto name = trim(spec.substr(0, equals));
    if (!is_tag_name(name)) return Error{Code::invalid, "not a tag name"};
    if (list.find(name)) return Error{Code::invalid, "tag " + std::string(name) + " twice"};
    list.tags_.push_back({name, spec.substr(equals + 1)});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

std::optional<std::string_view> TagList::find(std::string_view name) const {
  const auto raw = find_raw(name);
  return raw ? std::optional(trim(*raw)) : std::nullopt;
}

std::optional<std::string_view> TagList::find_raw(std::string_view name) const {
  const auto tag = std::ranges::find(tags_, name, &Tag::name);
  return tag == tags_.end() ? std::nullopt : std::optional(tag->raw);
}

std::vector<std::string_view> colon_list(std::string_view value) {
  std::vector<std::string_view> items;
  for (std::size_t from = 0; from <= value.size();) {
    const auto colon = std::min(value.find(':', from), value.size());
    items.push_back(trim(value.substr(from, colon - from)));
    from = colon + 1;
  }
  return items;
}

bool colon_list_has(std::string_view value, std::string_view item) {
  const auto items = colon_list(value);
  return std::ranges::find(items, item) != items.end();
}

std::string without_space(std::string_view value) {
  std::string out(value);
  std::erase_if(out, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  return out;
}

}  // namespace postrider::dkim

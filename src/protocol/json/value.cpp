// SPDX-License-Identifier: Apache-2.0
#include "protocol/json/value.h"

#include <array>
#include <charconv>

namespace postrider::json {

std::string_view name(Kind kind) {
  constexpr std::array<std::string_view, 7> names{"missing", "null",  "boolean", "number",
                                                  "string",  "array", "object"};
  return names[static_cast<std::size_t>(kind)];
}

std::optional<std::string_view> Value::as_string() const {
  if (!is_string()) return std::nullopt;
  return std::string_view(node_->text, node_->size);
}

std::optional<bool> Value::as_bool() const {
  if (kind() != Kind::boolean) return std::nullopt;
  return *node_->text == 't';
}

std::optional<std::int64_t> Value::as_int64() const {
  if (!is_number()) return std::nullopt;
  std::int64_t value = 0;
  const char* end = node_->text + node_->size;
  const auto [stop, failure] = std::from_chars(node_->text, end, value);
  if (failure != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::string_view Value::token() const {
  switch (kind()) {
    case Kind::null:
    case Kind::boolean:
    case Kind::number:
      return {node_->text, node_->size};
    default:
      return {};
  }
}

std::size_t Value::size() const {
  return is_array() || is_object() ? node_->size : 0;
}

Value Value::operator[](std::string_view key) const {
  for (const auto& member : members())
    if (member.key == key) return member.value;
  return {};
}

Elements Value::elements() const {
  if (!is_array()) return {nullptr, nullptr};
  return {node_ + 1, node_ + node_->span};
}

Members Value::members() const {
  if (!is_object()) return {nullptr, nullptr};
  return {node_ + 1, node_ + node_->span};
}

Error ParseFailure::error() const {
  std::string detail = "JSON ";
  switch (kind) {
    case Kind::syntax:
      detail += "syntax error";
      break;
    case Kind::not_utf8:
      detail += "is not UTF-8";
      break;
    case Kind::lone_surrogate:
      detail += "string has half a surrogate pair";
      break;
    case Kind::too_deep:
      detail += "nested too deeply";
      break;
    case Kind::too_large:
      detail += "too large";
      break;
    case Kind::duplicate_key:
      detail += "names a member twice";
      break;
  }
  if (!path.empty()) detail += " in " + path;
  if (offset != 0) detail += " at byte " + std::to_string(offset);
  return {Code::invalid, std::move(detail)};
}

}  // namespace postrider::json

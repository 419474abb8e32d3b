// SPDX-License-Identifier: Apache-2.0
#include "protocol/http/headers.h"

#include "base/text.h"

namespace postrider::http {

void Headers::add(std::string_view name, std::string_view value) {
  if (fields_.empty()) {
    bytes_.reserve(512);
    fields_.reserve(16);
  }
  fields_.push_back({static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(name.size()),
                     static_cast<std::uint32_t>(value.size())});
  bytes_ += name;
  bytes_ += value;
}

void Headers::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const Field& field) {
    return same_ignoring_case({bytes_.data() + field.start, field.name_size}, name);
  });
}

void Headers::clear() {
  bytes_.clear();
  fields_.clear();
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const auto header : *this)
    if (same_ignoring_case(header.name, name)) return header.value;
  return std::nullopt;
}

Header Headers::operator[](std::size_t i) const {
  const auto& field = fields_[i];
  const std::string_view bytes = bytes_;
  return {bytes.substr(field.start, field.name_size),
          bytes.substr(field.start + field.name_size, field.value_size)};
}

bool list_contains(std::string_view value, std::string_view token) {
  while (true) {
    const auto comma = value.find(',');
    if (same_ignoring_case(trim(value.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) return false;
    value.remove_prefix(comma + 1);
  }
}

}  // namespace postrider::http

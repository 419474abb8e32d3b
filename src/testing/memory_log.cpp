// SPDX-License-Identifier: Apache-2.0
#include "testing/memory_log.h"

#include <algorithm>

namespace postrider::testing {
namespace {

std::string_view name(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::alarm:
      return "alarm";
  }
  return "?";
}

void append(std::string& line, const Field& field) {
  line.append(" ").append(field.name).append("=");
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    line.append(*text);
  } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    line.append(std::to_string(*number));
  } else {
    line.append(std::get<bool>(field.value) ? "true" : "false");
  }
}

}  // namespace

void MemoryLog::write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  std::lock_guard lock(mutex_);
  ++counts_[static_cast<std::size_t>(level)];
  if (keep_ == Keep::counts) return;
  std::string line(name(level));
  line.append(" ").append(event);
  for (const auto& field : fields) append(line, field);
  lines_.push_back(std::move(line));
}

std::size_t MemoryLog::count(Level level) const {
  std::lock_guard lock(mutex_);
  return counts_[static_cast<std::size_t>(level)];
}

std::vector<std::string> MemoryLog::lines() const {
  std::lock_guard lock(mutex_);
  return lines_;
}

bool MemoryLog::has(std::string_view part) const {
  std::lock_guard lock(mutex_);
  return std::ranges::any_of(lines_, [&](const auto& line) { return line.contains(part); });
}

}  // namespace postrider::testing

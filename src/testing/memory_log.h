// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"

namespace postrider::testing {

// Keeps log lines ("alarm journal_stopped why=… code=…"), or with Keep::counts only how many of each level
// there were.
class MemoryLog final : public Log {
 public:
  enum class Keep { lines, counts };
  explicit MemoryLog(Keep keep = Keep::lines) : keep_(keep) {}

  void write(Level level, std::string_view event, std::initializer_list<Field> fields) override;

  std::size_t count(Level level) const;
  std::size_t alarms() const { return count(Level::alarm); }
  std::vector<std::string> lines() const;
  bool has(std::string_view part) const;  // some kept line contains it

 private:
  mutable std::mutex mutex_;
  Keep keep_;
  std::array<std::size_t, 4> counts_{};
  std::vector<std::string> lines_;
};

}  // namespace postrider::testing

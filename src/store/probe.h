// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/result.h"

namespace postrider::store {

// A fact about the running system that a control can be held to: the age of the oldest row, the number of
// keys. Services publish them, app collects them and shows each with the age of its last measurement.
struct Probe {
  using Fact = std::variant<std::int64_t, std::string>;
  std::string_view name;                          // "capture.oldest_age_seconds"
  std::function<Result<Fact>(Time now)> measure;  // on a worker thread: it may query
  Duration max_age;                               // an older measurement counts as failed
};

}  // namespace postrider::store

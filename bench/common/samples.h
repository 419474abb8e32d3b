// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace postrider::bench {

// Durations in microseconds, all of them kept: percentiles are exact.
class Samples {
 public:
  void add(std::int64_t us) {
    values_.push_back(static_cast<std::uint32_t>(std::clamp<std::int64_t>(us, 0, UINT32_MAX)));
  }
  void clear() { values_.clear(); }
  std::size_t size() const { return values_.size(); }
  // 0.5 is the median; 0 when there are none.
  std::uint32_t percentile(double share) {
    if (values_.empty()) return 0;
    const auto last = static_cast<double>(values_.size() - 1);
    const auto at = values_.begin() + static_cast<std::ptrdiff_t>(share * last + 0.5);
    std::nth_element(values_.begin(), at, values_.end());
    return *at;
  }

 private:
  std::vector<std::uint32_t> values_;
};

}  // namespace postrider::bench

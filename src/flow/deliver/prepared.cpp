// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/prepared.h"

#include <algorithm>

namespace postrider {

io::Work work_of(const Assignment& assignment) {
  const auto [first, last] = std::ranges::minmax(assignment.to, {}, &Assignment::To::n);
  return {assignment.message.bytes, first.n, last.n};
}

Report same_for_all(Assignment assignment, const Report::One& result) {
  Report report;
  report.results.assign(assignment.to.size(), result);
  report.assignment = std::move(assignment);
  return report;
}

}  // namespace postrider

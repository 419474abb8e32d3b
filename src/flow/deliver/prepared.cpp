// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/prepared.h"

namespace postrider {

Report same_for_all(Assignment assignment, const Report::One& result) {
  Report report;
  report.results.assign(assignment.to.size(), result);
  report.assignment = std::move(assignment);
  return report;
}

}  // namespace postrider

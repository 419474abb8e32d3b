// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "edge/api/metrics.h"

namespace postrider::app {

class Platform;

// Every number /metrics shows, by reference to the running parts.
std::vector<api::Metric> all_metrics(Platform& platform);

}  // namespace postrider::app

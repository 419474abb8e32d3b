// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "app/config.h"
#include "base/result.h"

namespace postrider::app {

// `postrider serve`: runs until SIGTERM, then drains. Prints the ready line on stdout when every door is
// open.
Result<void> run_server(const Config& config);

}  // namespace postrider::app

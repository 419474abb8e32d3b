// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>

#include "app/config.h"
#include "base/result.h"

namespace postrider::app {

// `postrider serve`: runs until SIGTERM, then drains. Prints the ready line on stdout when every door is
// open. On SIGHUP it takes over of `reread` what can change while it runs.
Result<void> run_server(const Config& config, const std::function<Result<Config>()>& reread);

}  // namespace postrider::app

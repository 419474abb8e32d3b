// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>

#include "app/arguments.h"
#include "app/command.h"
#include "app/config.h"

namespace postrider::app {

std::span<const Option> init_options();

// `postrider init`: a data directory with keys, settings and store, the first account and its API key.
Result<Output> initialise(const Config& config, const Arguments& arguments);

}  // namespace postrider::app

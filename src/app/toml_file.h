// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace postrider::app {

// A TOML file as dotted keys with values in the form --set takes: lists joined by commas, [[delivery.route]]
// tables as "domain=host:port/tls". invalid names the line.
Result<std::vector<std::pair<std::string, std::string>>> read_toml(const std::string& path);

}  // namespace postrider::app

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

namespace postrider::app {

// The command line: `postrider COMMAND …`. Returns the exit status: 0, 1 = it could not be done, 2 = it was
// asked wrongly.
int run_cli(const std::vector<std::string>& words);

}  // namespace postrider::app

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "model/submission.h"

namespace postrider {

// Replaces every tag by its value, left to right and once: a value is never searched for tags, so what a
// recipient's data holds cannot become a command. Where several tags fit at one place, the longest wins.
std::string substitute(std::string_view text, const std::vector<Pair>& substitutions);

}  // namespace postrider

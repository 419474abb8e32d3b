// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "base/error.h"

namespace postrider::io {

// What an errno means to callers, with its words and what was being done: "open spool/7: Permission denied".
Error errno_error(int number, std::string_view doing);

}  // namespace postrider::io

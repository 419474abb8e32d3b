// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "base/result.h"
#include "io/transport.h"

namespace postrider::app {

// "127.0.0.1:25", "[::1]:25", or a bare port, which means loopback. The host must be an IP literal.
Result<io::Endpoint> parse_endpoint(std::string_view text);

}  // namespace postrider::app

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace postrider::app {

bool is_address(std::string_view text);      // an IP address of either kind
bool is_network(std::string_view text);      // what in_network() takes
bool is_loopback(std::string_view address);  // 127.0.0.0/8, ::1
bool in_network(std::string_view address,
                std::string_view network);  // "10.0.0.0/8", "fd00::/8", or one address

}  // namespace postrider::app

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "protocol/smtp/reply.h"

namespace postrider::smtp {

// What a server's answer to EHLO offers (RFC 5321 4.1.1.1). After HELO, or before either: nothing.
struct Capabilities {
  bool pipelining = false;             // RFC 2920
  bool eight_bit_mime = false;         // RFC 6152
  bool smtputf8 = false;               // RFC 6531
  bool starttls = false;               // RFC 3207
  bool enhanced_status_codes = false;  // RFC 2034
  bool chunking = false;               // RFC 3030
  bool dsn = false;                    // RFC 3461
  bool size = false;                   // RFC 1870
  std::uint64_t size_max = 0;          // octets; 0: no fixed limit stated
  std::vector<std::string> auth;       // RFC 4954: mechanisms, upper case
};

// Keywords in any case; unknown ones and senseless parameters are passed over.
Capabilities parse_capabilities(const Reply& ehlo);

}  // namespace postrider::smtp

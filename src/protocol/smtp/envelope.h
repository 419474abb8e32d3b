// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postrider::smtp {

// One mail transaction (RFC 5321 3.3). Addresses are bare: no angle brackets, UTF-8 where not ASCII.
struct Envelope {
  std::string sender;  // empty: the null reverse path
  std::vector<std::string> recipients;
  std::uint64_t size = 0;  // octets of the message as RFC 1870 counts them; 0: not stated
  bool eight_bit = false;  // the message holds octets over 127: BODY=8BITMIME
  bool utf8 = false;       // headers or addresses hold UTF-8: SMTPUTF8
};

// Whether an address may stand between the angle brackets of MAIL or RCPT without changing what the line
// means: no control characters, no '<' or '>', a space only in quotes, well-formed UTF-8, at most 320 octets.
bool fits_in_path(std::string_view address);

}  // namespace postrider::smtp

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace postrider::smtp {

// Appends a whole message to `out` as DATA carries it (RFC 5321 4.5.2): a dot that starts a line is doubled,
// and the last line ends in CRLF. Says whether any octet was added. The final dot is the session's to send.
//
// A message with a CR or LF that stands alone, or a NUL, is Code::invalid and nothing is appended: receivers
// disagree on what ends a line, and what one reads as text another reads as the end of the message and a next
// one (SMTP smuggling). Whoever composed or accepted it had to normalise it before it was signed.
Result<bool> append_dot_stuffed(std::string& out, std::string_view message);

}  // namespace postrider::smtp

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/smtp/reply.h"

namespace postrider::smtp {

// MAIL with its parameters (RFC 5321 4.1.1.2; SIZE, BODY, SMTPUTF8; DSN's RET and ENVID and RFC 4954's AUTH
// are checked for form and passed over).
struct MailCommand {
  std::string sender;
  std::uint64_t size = 0;
  bool eight_bit = false;
  bool utf8 = false;
};

// RCPT with its parameters (DSN's NOTIFY and ORCPT are checked for form and passed over).
struct RcptCommand {
  std::string recipient;
};

// The arguments after "MAIL" or "RCPT", or the reply that refuses them. `extended`: parameters are allowed
// (the client said EHLO). An address is taken as it stands: only what would break framing is refused here.
std::variant<MailCommand, Reply> parse_mail(std::string_view arguments, bool extended);
std::variant<RcptCommand, Reply> parse_rcpt(std::string_view arguments, bool extended);

// RFC 3461 4: "+" and two hex digits stand for an octet; no spaces, no "=".
bool is_xtext(std::string_view text);

}  // namespace postrider::smtp

// SPDX-License-Identifier: Apache-2.0
#include "protocol/smtp/envelope.h"

#include "base/text.h"

namespace postrider::smtp {

bool fits_in_path(std::string_view address) {
  constexpr std::size_t longest = 64 + 1 + 255;  // RFC 5321 4.5.3.1: local part, '@', domain
  if (address.size() > longest) return false;
  bool quoted = false, escaped = false;
  for (char c : address) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '<' || c == '>') return false;
    if (c == ' ' && !quoted) return false;
    if (c == '"' && !escaped) quoted = !quoted;
    escaped = quoted && c == '\\' && !escaped;
  }
  return !quoted && is_utf8(address);
}

}  // namespace postrider::smtp

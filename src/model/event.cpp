// SPDX-License-Identifier: Apache-2.0
#include "model/event.h"

#include "base/encoding.h"

namespace postrider {

std::string_view name(EventKind kind) {
  switch (kind) {
    case EventKind::processed:
      return "processed";
    case EventKind::deferred:
      return "deferred";
    case EventKind::delivered:
      return "delivered";
    case EventKind::bounce:
      return "bounce";
    case EventKind::dropped:
      return "dropped";
  }
  return "unknown";
}

std::string_view name(Refusal refusal) {
  switch (refusal) {
    case Refusal::none:
      return "";
    case Refusal::bounce:
      return "bounce";
    case Refusal::blocked:
      return "blocked";
    case Refusal::invalid:
      return "invalid";
  }
  return "";
}

std::string_view name(TlsPolicy policy) {
  switch (policy) {
    case TlsPolicy::none:
      return "";
    case TlsPolicy::cleartext:
      return "cleartext";
    case TlsPolicy::opportunistic:
      return "opportunistic";
    case TlsPolicy::remembered:
      return "remembered";
    case TlsPolicy::required:
      return "required";
  }
  return "";
}

std::string event_id(EventKind kind, const RecipientId& recipient, std::uint16_t attempt) {
  std::string text(name(kind));
  text.append("-").append(std::to_string(recipient.n));
  text.append("-").append(to_string(recipient.message));
  text.append("-").append(std::to_string(attempt));
  return base64url(text);
}

}  // namespace postrider

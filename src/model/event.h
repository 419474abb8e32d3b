// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"
#include "model/submission.h"

namespace postrider {

// SendGrid's event names (api/rules.md 9).
enum class EventKind : std::uint8_t { processed = 1, deferred = 2, delivered = 3, bounce = 4, dropped = 5 };
std::string_view name(EventKind kind);

// Why the receiving side will not have it: the address (suppressed from now on), this message or us (not
// suppressed), or the address cannot exist.
enum class Refusal : std::uint8_t { none = 0, bounce = 1, blocked = 2, invalid = 3 };
std::string_view name(Refusal refusal);

// Why an attempt was under TLS or not: which of the policies decided (design 6).
enum class TlsPolicy : std::uint8_t {
  none = 0,           // it did not come to that
  cleartext = 1,      // a route says so
  opportunistic = 2,  // TLS where it is offered
  remembered = 3,     // the site has offered it before: TLS or nothing
  required = 4,       // a route says so
};
std::string_view name(TlsPolicy policy);

// A request was taken: one record for all its recipients, or several when they are many, carrying what every
// later event about them refers to.
struct Processed {
  Time at{};
  TenantId tenant;
  ApiKeyId key;
  MessageId message;
  std::string from, subject;
  std::vector<std::string> categories;
  std::vector<Pair> custom_args;  // the request's: of every part
  struct Recipient {
    std::uint32_t n = 0;
    std::string email;
    Time send_at{};  // zero = at once
  };
  struct Part {                     // one personalization
    std::string subject;            // its own, or empty
    std::vector<Pair> custom_args;  // its own, which win over the request's
    std::vector<Recipient> recipients;
  };
  std::vector<Part> parts;
};

// What its recipients' events carry: the request's arguments with the part's own over them.
std::vector<Pair> custom_args_of(const Processed& event, const Processed::Part& part);

// What one attempt at one recipient came to.
struct Attempted {
  EventKind kind = EventKind::delivered;
  Time at{};
  TenantId tenant;
  RecipientId recipient;
  std::string email;
  std::uint16_t attempt = 0;  // 1 = the first
  Refusal refusal = Refusal::none;
  bool possible_duplicate = false;      // an earlier attempt may have been taken too; see queue-states.md
  std::string response;                 // what the peer said, or what we say of it
  std::string status;                   // "5.1.1" when known
  std::string ip;                       // the peer's address, when one was reached
  std::string tls_version, tls_cipher;  // empty = cleartext
  bool certificate_valid = false;
  TlsPolicy tls_policy = TlsPolicy::none;
};

using Event = std::variant<Processed, Attempted>;

// sg_event_id: a function of what happened, so that it is the same however often the event is told.
std::string event_id(EventKind kind, const RecipientId& recipient, std::uint16_t attempt);

}  // namespace postrider

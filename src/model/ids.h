// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/random.h"

namespace postrider {

using TenantId = Id<struct TenantTag>;      // an account; from the credential, never from a request
using ApiKeyId = WideId<struct ApiKeyTag>;  // the 22 characters in the middle of an API key
using DomainId = Id<struct DomainTag>;
using SigningKeyId = Id<struct SigningKeyTag>;  // a DKIM key, wherever its private half is
using MessageId = WideId<struct MessageTag>;    // one accepted request; X-Message-Id is its 22-character form
using EventId = WideId<struct EventTag>;

// One recipient of one request: its n-th, counted over all personalizations from 0. Its text form, which is
// also sg_message_id, starts with X-Message-Id because users match on that prefix: "<22
// characters>.postrider.<n>".
struct RecipientId {
  MessageId message;
  std::uint32_t n = 0;
  friend auto operator<=>(const RecipientId&, const RecipientId&) = default;
};

// A new one. Its text never begins with '-': a command line would take that for an option.
MessageId new_message_id(Random& random);
ApiKeyId new_api_key_id(Random& random);

std::string to_string(const MessageId& id);  // base64url, 22 characters
std::string to_string(const ApiKeyId& id);   // base64url, 22 characters
std::string to_string(const EventId& id);    // base64url, 22 characters
std::string to_string(const RecipientId& id);
std::optional<MessageId> parse_message_id(std::string_view text);
std::optional<ApiKeyId> parse_api_key_id(std::string_view text);
std::optional<RecipientId> parse_recipient_id(std::string_view text);

}  // namespace postrider

template <>
struct std::hash<postrider::RecipientId> {
  std::size_t operator()(const postrider::RecipientId& id) const noexcept {
    return std::hash<postrider::MessageId>{}(id.message) ^ (std::size_t{id.n} * 0x9E3779B97F4A7C15ull);
  }
};

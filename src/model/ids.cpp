// SPDX-License-Identifier: Apache-2.0
#include "model/ids.h"

#include <charconv>

#include "base/encoding.h"

namespace postrider {
namespace {

constexpr std::string_view between = ".postrider.";

template <class Tag>
std::string text(const WideId<Tag>& id) {
  return base64url({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
}

template <class Tag>
std::optional<WideId<Tag>> parse(std::string_view from) {
  if (from.size() != 22) return std::nullopt;
  auto bytes = unbase64url(from);
  if (!bytes || bytes->size() != 16) return std::nullopt;
  WideId<Tag> id;
  bytes->copy(reinterpret_cast<char*>(id.bytes.data()), id.bytes.size());
  return id;
}

template <class Tag>
WideId<Tag> draw(Random& random) {
  WideId<Tag> id;
  do {
    random.fill(id.bytes);
  } while (text(id).starts_with('-'));
  return id;
}

}  // namespace

MessageId new_message_id(Random& random) {
  return draw<MessageTag>(random);
}
ApiKeyId new_api_key_id(Random& random) {
  return draw<ApiKeyTag>(random);
}

std::string to_string(const MessageId& id) {
  return text(id);
}
std::string to_string(const ApiKeyId& id) {
  return text(id);
}
std::string to_string(const EventId& id) {
  return text(id);
}
std::string to_string(const RecipientId& id) {
  return text(id.message).append(between).append(std::to_string(id.n));
}

std::optional<MessageId> parse_message_id(std::string_view from) {
  return parse<MessageTag>(from);
}
std::optional<ApiKeyId> parse_api_key_id(std::string_view from) {
  return parse<ApiKeyTag>(from);
}

std::optional<RecipientId> parse_recipient_id(std::string_view from) {
  if (from.size() <= 22 + between.size() || from.substr(22, between.size()) != between) return std::nullopt;
  auto message = parse<MessageTag>(from.substr(0, 22));
  if (!message) return std::nullopt;
  const auto digits = from.substr(22 + between.size());
  if (digits.size() > 1 && digits.starts_with('0')) return std::nullopt;  // one text for one id
  RecipientId id{*message, 0};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id.n);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return id;
}

}  // namespace postrider

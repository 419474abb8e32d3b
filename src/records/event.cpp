// SPDX-License-Identifier: Apache-2.0
#include "records/event.h"

#include "base/codec.h"
#include "records/fields.h"

namespace postrider::records {
namespace {

// Since 2 a request's custom arguments stand once, in front of its parts; before, each part had them merged.
constexpr std::uint8_t format = 2;

// An attempt's octet of flags; its upper half is the TLS policy.
enum Flag : std::uint8_t { duplicate = 1, valid_certificate = 2 };
constexpr int policy_shift = 4;

void put_processed(Writer& out, const Processed& event) {
  put_time(out, event.at);
  out.varint(event.tenant.value);
  out.id(event.key);
  out.id(event.message);
  out.bytes(event.from);
  out.bytes(event.subject);
  out.varint(event.categories.size());
  for (const auto& category : event.categories) out.bytes(category);
  put(out, event.custom_args);
  out.varint(event.parts.size());
  for (const auto& part : event.parts) {
    out.bytes(part.subject);
    put(out, part.custom_args);
    out.varint(part.recipients.size());
    for (const auto& recipient : part.recipients) {
      out.varint(recipient.n);
      out.bytes(recipient.email);
      put_time(out, recipient.send_at);
    }
  }
}

Processed take_processed(Reader& in, std::uint8_t version) {
  Processed event;
  event.at = take_time(in);
  event.tenant.value = in.varint();
  event.key = in.wide_id<ApiKeyTag>();
  event.message = in.wide_id<MessageTag>();
  event.from = in.bytes();
  event.subject = in.bytes();
  for (auto n = in.count(); n > 0; --n) event.categories.emplace_back(in.bytes());
  if (version >= 2) event.custom_args = take_pairs(in);
  for (auto n = in.count(3); n > 0; --n) {
    Processed::Part part;
    part.subject = in.bytes();
    part.custom_args = take_pairs(in);
    for (auto m = in.count(3); m > 0; --m) {
      Processed::Recipient recipient;
      recipient.n = take_number<std::uint32_t>(in);
      recipient.email = in.bytes();
      recipient.send_at = take_time(in);
      part.recipients.push_back(std::move(recipient));
    }
    event.parts.push_back(std::move(part));
  }
  return event;
}

void put_attempted(Writer& out, const Attempted& event) {
  put_time(out, event.at);
  out.varint(event.tenant.value);
  out.id(event.recipient.message);
  out.varint(event.recipient.n);
  out.bytes(event.email);
  out.varint(event.attempt);
  out.u8(static_cast<std::uint8_t>(event.refusal));
  out.u8(static_cast<std::uint8_t>((event.possible_duplicate ? duplicate : 0) |
                                   (event.certificate_valid ? valid_certificate : 0) |
                                   (static_cast<unsigned>(event.tls_policy) << policy_shift)));
  out.bytes(event.response);
  out.bytes(event.status);
  out.bytes(event.ip);
  out.bytes(event.tls_version);
  out.bytes(event.tls_cipher);
}

Attempted take_attempted(Reader& in, EventKind kind) {
  Attempted event;
  event.kind = kind;
  event.at = take_time(in);
  event.tenant.value = in.varint();
  event.recipient.message = in.wide_id<MessageTag>();
  event.recipient.n = take_number<std::uint32_t>(in);
  event.email = in.bytes();
  event.attempt = take_number<std::uint16_t>(in);
  event.refusal = static_cast<Refusal>(in.u8());
  if (event.refusal > Refusal::invalid) in.fail();
  const auto flags = in.u8();
  event.possible_duplicate = flags & duplicate;
  event.certificate_valid = flags & valid_certificate;
  event.tls_policy = static_cast<TlsPolicy>(flags >> policy_shift);
  if (event.tls_policy > TlsPolicy::required) in.fail();
  event.response = in.bytes();
  event.status = in.bytes();
  event.ip = in.bytes();
  event.tls_version = in.bytes();
  event.tls_cipher = in.bytes();
  return event;
}

}  // namespace

std::string encode(const Event& event) {
  Writer out;
  out.u8(format);
  if (const auto* processed = std::get_if<Processed>(&event)) {
    out.u8(static_cast<std::uint8_t>(EventKind::processed));
    put_processed(out, *processed);
  } else {
    const auto& attempted = std::get<Attempted>(event);
    out.u8(static_cast<std::uint8_t>(attempted.kind));
    put_attempted(out, attempted);
  }
  return out.take();
}

Result<Event> decode_event(std::string_view bytes) {
  Reader in(bytes);
  const auto version = in.u8();
  if (version < 1 || version > format)
    return Error{Code::corrupt, "event of format " + std::to_string(version)};
  const auto kind = static_cast<EventKind>(in.u8());
  std::optional<Event> event;
  if (kind == EventKind::processed)
    event = take_processed(in, version);
  else if (kind > EventKind::processed && kind <= EventKind::dropped)
    event = take_attempted(in, kind);
  else
    return Error{Code::corrupt, "event of unknown kind"};
  if (!in.done()) return Error{Code::corrupt, "event does not parse"};
  return std::move(*event);
}

}  // namespace postrider::records

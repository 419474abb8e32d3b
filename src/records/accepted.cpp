// SPDX-License-Identifier: Apache-2.0
#include "records/accepted.h"

#include "base/codec.h"
#include "records/fields.h"

namespace postrider::records {
namespace {

constexpr std::uint8_t format = 1;

void put_shared(Writer& out, const Shared& shared) {
  put(out, shared.from);
  out.u8(shared.reply_to ? 1 : 0);
  if (shared.reply_to) put(out, *shared.reply_to);
  out.bytes(shared.subject);
  out.varint(shared.content.size());
  for (const auto& content : shared.content) {
    out.bytes(content.type);
    out.bytes(content.value);
  }
  out.varint(shared.attachments.size());
  for (const auto& attachment : shared.attachments) {
    out.bytes(attachment.type);
    out.bytes(attachment.filename);
    out.bytes(attachment.content_id);
    out.u8(attachment.is_inline ? 1 : 0);
    out.bytes(attachment.bytes);
  }
  put(out, shared.headers);
  put(out, shared.custom_args);
  out.varint(shared.categories.size());
  for (const auto& category : shared.categories) out.bytes(category);
}

Shared take_shared(Reader& in) {
  Shared shared;
  shared.from = take_contact(in);
  if (in.u8()) shared.reply_to = take_contact(in);
  shared.subject = in.bytes();
  for (auto n = in.count(2); n > 0; --n) {
    Content content;
    content.type = in.bytes();
    content.value = in.bytes();
    shared.content.push_back(std::move(content));
  }
  for (auto n = in.count(5); n > 0; --n) {
    Attachment attachment;
    attachment.type = in.bytes();
    attachment.filename = in.bytes();
    attachment.content_id = in.bytes();
    attachment.is_inline = in.u8() != 0;
    attachment.bytes = in.bytes();
    shared.attachments.push_back(std::move(attachment));
  }
  shared.headers = take_pairs(in);
  shared.custom_args = take_pairs(in);
  for (auto n = in.count(); n > 0; --n) shared.categories.emplace_back(in.bytes());
  return shared;
}

void put_personalization(Writer& out, const Personalization& personalization) {
  put(out, personalization.to);
  put(out, personalization.cc);
  put(out, personalization.bcc);
  out.bytes(personalization.subject);
  put(out, personalization.headers);
  put(out, personalization.substitutions);
  put(out, personalization.custom_args);
  put_time(out, personalization.send_at.value_or(Time{}));
}

Personalization take_personalization(Reader& in) {
  Personalization personalization;
  personalization.to = take_contacts(in);
  personalization.cc = take_contacts(in);
  personalization.bcc = take_contacts(in);
  personalization.subject = in.bytes();
  personalization.headers = take_pairs(in);
  personalization.substitutions = take_pairs(in);
  personalization.custom_args = take_pairs(in);
  if (const auto at = take_time(in); at != Time{}) personalization.send_at = at;
  return personalization;
}

Result<Reader> open(std::string_view bytes, std::string_view what) {
  Reader in(bytes);
  if (const auto version = in.u8(); version != format)
    return Error{Code::corrupt, std::string(what) + " record of format " + std::to_string(version)};
  return in;
}

Error damaged(std::string_view what) {
  return {Code::corrupt, std::string(what) + " record does not parse"};
}

}  // namespace

std::string encode(const Accepted& accepted) {
  Writer out;
  out.u8(format);
  out.varint(accepted.tenant.value);
  out.id(accepted.key);
  put_time(out, accepted.at);
  put_shared(out, accepted.shared);
  out.u8(accepted.only ? 1 : 0);
  if (accepted.only) put_personalization(out, *accepted.only);
  return out.take();
}

Result<Accepted> decode_accepted(std::string_view bytes) {
  auto in = PR_TRY(open(bytes, "accepted"));
  Accepted accepted;
  accepted.tenant.value = in.varint();
  accepted.key = in.wide_id<ApiKeyTag>();
  accepted.at = take_time(in);
  accepted.shared = take_shared(in);
  if (in.u8()) accepted.only = take_personalization(in);
  if (!in.done()) return damaged("accepted");
  return accepted;
}

std::string encode(const Variant& variant) {
  Writer out;
  out.u8(format);
  put_personalization(out, variant.personalization);
  return out.take();
}

Result<Variant> decode_variant(std::string_view bytes) {
  auto in = PR_TRY(open(bytes, "variant"));
  Variant variant{take_personalization(in)};
  if (!in.done()) return damaged("variant");
  return variant;
}

std::string encode(const Queued& queued) {
  Writer out;
  out.u8(format);
  out.varint(queued.variant);
  out.raw(queued.email);
  return out.take();
}

Result<Queued> decode_queued(std::string_view bytes) {
  auto in = PR_TRY(open(bytes, "queued"));
  Queued queued;
  queued.variant = take_number<std::uint32_t>(in);
  queued.email = in.raw(in.left());
  if (!in.done() || queued.email.empty()) return damaged("queued");
  return queued;
}

}  // namespace postrider::records

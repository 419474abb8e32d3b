// SPDX-License-Identifier: Apache-2.0
#include "protocol/json/writer.h"
#include "readers/activity/activity.h"

namespace postrider::activity {
namespace {

void write_text(json::Writer& out, std::string_view key, std::string_view text) {
  if (!text.empty()) out.key(key).string(text);
}

void write_event(json::Writer& out, const RecipientId& recipient, const Happened& event) {
  out.begin_object();
  out.key("event").string(name(event.kind)).key("timestamp").number(seconds(event.at));
  out.key("sg_event_id").string(event_id(event.kind, recipient, event.attempt));
  if (event.attempt != 0) out.key("attempt").number(event.attempt);
  write_text(out, "response", event.response);
  write_text(out, "status", event.status);
  write_text(out, "type", name(event.refusal));
  write_text(out, "ip", event.ip);
  if (!event.tls_version.empty()) {
    out.key("tls").begin_object().key("version").string(event.tls_version);
    out.key("cipher")
        .string(event.tls_cipher)
        .key("certificate_valid")
        .boolean(event.certificate_valid)
        .end_object();
  }
  write_text(out, "tls_policy", name(event.tls_policy));
  if (event.possible_duplicate) out.key("possible_duplicate").boolean(true);
  out.end_object();
}

}  // namespace

std::string to_json(const Timeline& timeline) {
  const auto& message = timeline.message;
  std::string body;
  json::Writer out(body);
  out.begin_object();
  out.key("id").string(to_string(message.id)).key("to").string(message.to);
  write_text(out, "from", message.from);
  write_text(out, "subject", message.subject);
  out.key("state").string(name(message.status));
  out.key("last_event").number(seconds(message.last_event));
  if (!message.categories.empty()) out.key("categories").token(message.categories);
  if (!message.custom_args.empty()) out.key("custom_args").token(message.custom_args);
  out.key("events").begin_array();
  for (const auto& event : timeline.events) write_event(out, message.id, event);
  out.end_array().end_object();
  return body;
}

}  // namespace postrider::activity

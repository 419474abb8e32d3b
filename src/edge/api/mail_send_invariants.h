// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <string>
#include <string_view>

#include "base/text.h"
#include "model/submission.h"
#include "protocol/mail/address.h"
#include "protocol/mail/header.h"
#include "protocol/mail/mime_builder.h"

// What every Submission that the door lets in must satisfy, said without the reader's own code. Tests and the
// fuzz target include this.
namespace postrider::api {

// Empty, or which promise is broken.
inline std::string broken_invariant(const Submission& submission) {
  constexpr std::string_view breaking("\r\n\0", 3);
  const auto safe = [&](std::string_view text) {
    return text.find_first_of(breaking) == std::string_view::npos && is_utf8(text);
  };
  const auto person = [&](const Contact& contact) {
    return mail::Address::parse(contact.email).ok() && safe(contact.email) && safe(contact.name);
  };
  const auto headers = [&](const std::vector<Pair>& list) {
    return std::ranges::all_of(list, [&](const Pair& header) {
      return mail::is_header_name(header.first) && safe(header.second) &&
             !same_ignoring_case(header.first, "bcc") && !starts_ignoring_case(header.first, "content-t");
    });
  };
  const auto& shared = submission.shared;
  if (!person(shared.from)) return "from";
  if (shared.reply_to && !person(*shared.reply_to)) return "reply_to";
  if (!safe(shared.subject)) return "subject";
  if (!headers(shared.headers)) return "headers";
  if (shared.content.empty()) return "content";
  for (const auto& block : shared.content)
    if (!mail::is_content_type(block.type) || block.value.empty()) return "content";
  for (const auto& file : shared.attachments)
    if (!safe(file.filename) || file.filename.empty() || file.bytes.empty() ||
        !mail::EncodedAttachment::encode({.type = file.type,
                                          .filename = file.filename,
                                          .content_id = file.content_id,
                                          .bytes = file.bytes}))
      return "attachments";
  if (shared.categories.size() > 10) return "categories";

  std::size_t recipients = 0;
  for (const auto& part : submission.personalizations) {
    if (part.to.empty()) return "to";
    for (const auto* list : {&part.to, &part.cc, &part.bcc}) {
      recipients += list->size();
      if (!std::ranges::all_of(*list, person)) return "recipients";
    }
    if (!safe(part.subject) || (part.subject.empty() && shared.subject.empty()))
      return "personalization's subject";
    if (!headers(part.headers)) return "personalization's headers";
  }
  if (recipients == 0 || recipients > 1000) return "number of recipients";
  return {};
}

}  // namespace postrider::api

// SPDX-License-Identifier: Apache-2.0
#include "flow/compose/composer.h"

#include <algorithm>

#include "base/text.h"
#include "flow/compose/substitute.h"
#include "protocol/dkim/canonical.h"
#include "protocol/mail/date.h"
#include "protocol/mail/encoded_word.h"
#include "protocol/mail/header.h"
#include "protocol/mail/mailbox.h"
#include "protocol/smtp/dot_stuff.h"

namespace postrider {
namespace {

std::string seed(const MessageId& id, std::uint32_t n) {
  return to_string(RecipientId{id, n});
}

Result<std::shared_ptr<const Body>> render(const Source& source, std::uint32_t n, const Substitutions& tags) {
  mail::MimeBuilder builder;
  std::vector<std::string> texts;
  texts.reserve(source.accepted.shared.content.size());
  for (const auto& content : source.accepted.shared.content) {
    if (tags.empty()) {
      PR_TRY(builder.add_text(content.type, content.value));
    } else {
      texts.push_back(PR_TRY(tags.apply(content.value)));
      PR_TRY(builder.add_text(content.type, texts.back()));
    }
  }
  for (const auto& attachment : source.attachments) builder.attach(attachment);
  auto rendered = builder.build(seed(source.id, n));
  auto body = std::make_shared<Body>();
  body->octets = rendered.body.size();
  body->hash = dkim::body_hash(rendered.body);
  body->mime_headers = std::move(rendered.headers);
  PR_TRY(smtp::append_dot_stuffed(body->wire, rendered.body));
  return std::shared_ptr<const Body>(std::move(body));
}

Result<mail::Mailbox> mailbox(const Contact& contact) {
  return mail::Mailbox{contact.name, PR_TRY(mail::Address::parse(contact.email))};
}

Result<std::vector<mail::Mailbox>> mailboxes(const std::vector<Contact>& contacts) {
  std::vector<mail::Mailbox> list;
  list.reserve(contacts.size());
  for (const auto& contact : contacts) list.push_back(PR_TRY(mailbox(contact)));
  return list;
}

}  // namespace

Result<std::shared_ptr<const Source>> prepare_source(MessageId id, records::Accepted accepted) {
  auto source = std::make_shared<Source>();
  source->id = id;
  source->accepted = std::move(accepted);
  std::size_t bytes = sizeof(Source);
  for (const auto& content : source->accepted.shared.content) bytes += content.value.size();
  for (const auto& attachment : source->accepted.shared.attachments) {
    source->attachments.push_back(PR_TRY(mail::EncodedAttachment::encode(
        {attachment.type, attachment.filename, attachment.content_id, attachment.bytes,
         attachment.is_inline ? mail::Disposition::inline_ : mail::Disposition::attachment})));
    bytes += source->attachments.back().entity().size();
  }
  // The raw bytes are not needed again: the encoded form is what travels.
  for (auto& attachment : source->accepted.shared.attachments) std::string().swap(attachment.bytes);
  source->shared_body = PR_TRY(render(*source, 0, Substitutions({})));
  source->bytes = bytes + source->shared_body->wire.size();
  return std::shared_ptr<const Source>(std::move(source));
}

Result<Composed> compose(const Source& source, const Personalization& personalization,
                         std::uint32_t first_recipient) {
  const auto& shared = source.accepted.shared;
  const Substitutions tags(personalization.substitutions);

  Composed out;
  const auto from = PR_TRY(mailbox(shared.from));
  const auto to = PR_TRY(mailboxes(personalization.to));
  const auto cc = PR_TRY(mailboxes(personalization.cc));
  out.from_domain = from.address.ascii_domain();
  out.sender = from.address.ascii_text();
  const auto foreign = [](const mail::Mailbox& box) { return box.address.needs_smtputf8(); };
  out.utf8 = foreign(from) || std::ranges::any_of(to, foreign) || std::ranges::any_of(cc, foreign);

  const auto moment = std::max(source.accepted.at, personalization.send_at.value_or(Time{}));
  auto& headers = out.headers;
  headers.reserve(1024);
  mail::append_header(headers, "Date", mail::date(moment));
  mail::append_header(headers, "From", mail::header_form(from));
  if (shared.reply_to) {
    const auto reply_to = PR_TRY(mailbox(*shared.reply_to));
    out.utf8 = out.utf8 || foreign(reply_to);
    mail::append_header(headers, "Reply-To", mail::header_form(reply_to));
  }
  if (!to.empty()) mail::append_header(headers, "To", mail::header_form(to));
  if (!cc.empty()) mail::append_header(headers, "Cc", mail::header_form(cc));
  mail::append_header(headers, "Subject",
                      mail::unstructured(PR_TRY(tags.apply(
                          personalization.subject.empty() ? shared.subject : personalization.subject))));
  mail::append_header(headers, "Message-ID",
                      "<" + to_string(RecipientId{source.id, first_recipient}) + "@" + out.from_domain + ">");
  // The personalization's headers win over the request's of the same name; their order stays.
  const auto overridden = [&](const std::string& name) {
    return std::ranges::any_of(personalization.headers,
                               [&](const Pair& own) { return same_ignoring_case(own.first, name); });
  };
  for (const auto& [name, value] : shared.headers)
    if (!overridden(name)) mail::append_header(headers, name, mail::unstructured(PR_TRY(tags.apply(value))));
  for (const auto& [name, value] : personalization.headers)
    mail::append_header(headers, name, mail::unstructured(PR_TRY(tags.apply(value))));

  out.body = tags.empty() ? source.shared_body : PR_TRY(render(source, first_recipient, tags));
  headers.append(out.body->mime_headers);
  return out;
}

}  // namespace postrider

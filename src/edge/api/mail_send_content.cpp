// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "base/encoding.h"
#include "base/text.h"
#include "edge/api/mail_send_parts.h"
#include "protocol/mail/mime_builder.h"

// Content blocks and attachments.
namespace postrider::api::mail_send {
namespace {

// A media type without parameters; nullopt: told.
std::optional<std::string_view> read_type(const Input& input, std::string_view anchor) {
  const auto text = input.string(anchor);
  if (!text) return std::nullopt;
  if (text->empty()) {
    input.wrong("The type must be a string at least one character in length.", anchor);
  } else if (breaks_header(*text) || text->find(';') != std::string_view::npos) {
    input.wrong("Cannot contain ';', or CRLF characters.", anchor);
  } else if (!mail::is_content_type(*text)) {
    input.wrong("Must be a media type such as text/plain.", anchor);
  } else {
    return text;
  }
  return std::nullopt;
}

struct ContentDraft {
  Content content;
  bool has_type = false, has_value = false;
};

void read_content_type(ContentDraft& draft, const Input& input) {
  draft.has_type = true;
  constexpr std::string_view anchor = "message.content.type";
  const auto type = read_type(input, anchor);
  if (!type) return;
  if (starts_ignoring_case(*type, "multipart/") || starts_ignoring_case(*type, "message/"))
    return input.wrong("Content is a single text. Send whole messages as attachments.", anchor);
  draft.content.type = *type;
}

void read_content_value(ContentDraft& draft, const Input& input) {
  draft.has_value = true;
  const auto text = input.value().as_string();
  if (!text || text->empty())
    return input.wrong("The content value must be a string at least one character in length.",
                       "message.content.value");
  draft.content.value = *text;
}

constexpr std::array<Field<ContentDraft>, 2> content_fields{
    {{"type", read_content_type}, {"value", read_content_value}}};

// Where a block may stand among the others. AMP is read by its own rules, on either side of the HTML.
enum class Rank { plain, html, other, anywhere };
Rank rank(std::string_view type) {
  if (same_ignoring_case(type, "text/plain")) return Rank::plain;
  if (same_ignoring_case(type, "text/html")) return Rank::html;
  if (same_ignoring_case(type, "text/x-amp-html")) return Rank::anywhere;
  return Rank::other;
}

void check_order(const std::vector<Content>& content, const Input& list) {
  auto last = Rank::plain;
  std::array<int, 4> seen{};
  bool ordered = true;
  for (const auto& block : content) {
    const auto here = rank(block.type);
    ++seen[static_cast<std::size_t>(here)];
    if (here == Rank::anywhere) continue;
    ordered = ordered && here >= last;
    last = std::max(last, here);
  }
  if (seen[0] > 1 || seen[1] > 1)
    list.wrong("If present, text/plain and text/html may only be provided once.");
  if (!ordered)
    list.wrong(
        "Following RFC 1341, section 7.2, if either text/html or text/plain are to be sent in your email: "
        "text/plain needs to be first, followed by text/html, followed by any other content.");
}

struct AttachmentDraft {
  Attachment attachment;
  bool has_content = false, has_filename = false;
};

void read_bytes(AttachmentDraft& draft, const Input& input) {
  constexpr std::string_view anchor = "message.attachments.content";
  draft.has_content = true;
  const auto text = input.string(anchor);
  if (!text) return;
  if (text->empty()) return input.wrong("The attachment content is required.", anchor);
  auto bytes = unbase64(*text);
  if (!bytes) return input.wrong("The attachment content must be base64 encoded.", anchor);
  draft.attachment.bytes = std::move(*bytes);
}

void read_attachment_type(AttachmentDraft& draft, const Input& input) {
  if (const auto type = read_type(input, "message.attachments.type")) draft.attachment.type = *type;
}

void read_filename(AttachmentDraft& draft, const Input& input) {
  constexpr std::string_view anchor = "message.attachments.filename";
  draft.has_filename = true;
  const auto text = header_text(input, most_name_bytes, anchor);
  if (!text) return;
  if (text->empty()) return input.wrong("filename is required.", anchor);
  draft.attachment.filename = *text;
}

void read_disposition(AttachmentDraft& draft, const Input& input) {
  constexpr std::string_view anchor = "message.attachments.disposition";
  const auto text = input.string(anchor);
  if (!text) return;
  draft.attachment.is_inline = *text == "inline";
  if (!draft.attachment.is_inline && *text != "attachment")
    input.wrong("The disposition of your attachment can be either 'inline' or 'attachment'.", anchor);
}

void read_content_id(AttachmentDraft& draft, const Input& input) {
  constexpr std::string_view anchor = "message.attachments.content_id";
  const auto text = header_text(input, most_name_bytes, anchor);
  if (!text) return;
  if (!mail::EncodedAttachment::encode({.type = {}, .filename = {}, .content_id = *text, .bytes = {}}))
    return input.wrong(
        "The content ID of your attachment must be visible ASCII characters other than < and >.", anchor);
  draft.attachment.content_id = *text;
}

constexpr std::array<Field<AttachmentDraft>, 5> attachment_fields{{{"content", read_bytes},
                                                                   {"type", read_attachment_type},
                                                                   {"filename", read_filename},
                                                                   {"disposition", read_disposition},
                                                                   {"content_id", read_content_id}}};

}  // namespace

void read_content(Shared& shared, const Input& list) {
  constexpr std::string_view anchor = "message.content";
  if (!list.must_be(json::Kind::array, anchor)) return;
  if (list.value().size() > most_contents)
    return list.wrong("There is a limit of " + std::to_string(most_contents) + " content blocks.", anchor);
  std::size_t index = 0;
  for (const auto element : list.value().elements()) {
    const auto block = list.at(index++, element);
    ContentDraft draft;
    read_members<ContentDraft>(block, draft, content_fields, anchor);
    if (element.is_object() && !draft.has_type)
      block.at("type", {})
          .wrong("A content type is required, this tells email clients how to display the email.",
                 "message.content.type");
    if (element.is_object() && !draft.has_value)
      block.at("value", {})
          .wrong("A content value is required, this is the content of the email you are sending.",
                 "message.content.value");
    shared.content.push_back(std::move(draft.content));
  }
  check_order(shared.content, list);
}

void read_attachments(Shared& shared, const Input& list) {
  constexpr std::string_view anchor = "message.attachments";
  if (!list.must_be(json::Kind::array, anchor)) return;
  if (list.value().size() > most_attachments)
    return list.wrong("There is a limit of " + std::to_string(most_attachments) + " attachments.", anchor);
  std::size_t index = 0;
  for (const auto element : list.value().elements()) {
    if (list.full()) return;
    const auto file = list.at(index++, element);
    AttachmentDraft draft;
    read_members<AttachmentDraft>(file, draft, attachment_fields, anchor);
    if (!element.is_object()) continue;
    if (!draft.has_content)
      file.at("content", {}).wrong("The attachment content is required.", "message.attachments.content");
    if (!draft.has_filename)
      file.at("filename", {}).wrong("filename is required.", "message.attachments.filename");
    shared.attachments.push_back(std::move(draft.attachment));
  }
}

}  // namespace postrider::api::mail_send

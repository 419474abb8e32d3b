// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace postrider::mail {

bool is_content_type(std::string_view type);  // "type/subtype", two tokens and nothing else

enum class Disposition { attachment, inline_ };

// A file as the caller has it. All views are read only while EncodedAttachment::encode runs.
struct Attachment {
  std::string_view type;        // empty = application/octet-stream
  std::string_view filename;    // UTF-8; may be empty
  std::string_view content_id;  // without angle brackets; may be empty
  std::string_view bytes;
  Disposition disposition = Disposition::attachment;
};

// A file as it travels: its MIME entity, encoded once and shared by every message that carries it.
class EncodedAttachment {
 public:
  // Code::invalid for a type that is more than type/subtype, or a content id that would break its header.
  // A message/rfc822 that is not plain ASCII lines, and any multipart/*, travels as application/octet-stream,
  // since RFC 2046 5 allows those types no base64.
  static Result<EncodedAttachment> encode(const Attachment& attachment);

  // Shown within the HTML part rather than listed beside it: inline with a content id.
  bool is_embedded() const { return embedded_; }
  std::string_view entity() const { return entity_; }  // header fields, blank line, body, CRLF

 private:
  std::string entity_;
  bool embedded_ = false;
};

// A complete body and the header fields that describe it. Independent of the recipient, so one rendering and
// one DKIM body hash can serve all recipients of a variant.
struct RenderedBody {
  // MIME-Version, Content-Type and, where it is not 7bit, Content-Transfer-Encoding; folded.
  std::string headers;
  // Ends with CRLF; lines of at most 998 bytes; not dot-stuffed.
  std::string body;
};

// Puts a message's parts in the order and nesting that mail readers expect:
//   mixed( alternative( plain, AMP, related( html, embedded files ), other texts ), attached files )
// where a level with a single member is left out. Embedded files without HTML are attached.
// Holds views and pointers: texts and attachments must outlive the last build(). One thread.
class MimeBuilder {
 public:
  // A text for readers to choose from; among them a reader shows the last one it understands.
  Result<void> add_text(std::string_view type, std::string_view utf8);
  void attach(const EncodedAttachment& attachment);

  // A pure function of the parts and the seed: boundaries come from it, and never occur in a part.
  RenderedBody build(std::string_view seed) const;

 private:
  struct Text {
    std::string_view type;
    std::string_view content;
  };
  std::string unused_stem(std::string_view seed) const;

  std::vector<Text> texts_;  // least to most preferred
  std::vector<const EncodedAttachment*> embedded_;
  std::vector<const EncodedAttachment*> attached_;
};

}  // namespace postrider::mail

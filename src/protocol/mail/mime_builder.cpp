// SPDX-License-Identifier: Apache-2.0
#include "protocol/mail/mime_builder.h"

#include <algorithm>
#include <cstdint>

#include "base/encoding.h"
#include "base/text.h"
#include "protocol/mail/parameter.h"
#include "protocol/mail/transfer_encoding.h"

namespace postrider::mail {
namespace {

constexpr std::string_view crlf = "\r\n";
constexpr std::string_view octets = "application/octet-stream";

bool is_html(std::string_view type) {
  return same_ignoring_case(type, "text/html");
}

// Where a text stands among its alternatives: some readers show the last whatever it is, so AMP comes before
// HTML.
int rank(std::string_view type) {
  if (same_ignoring_case(type, "text/plain")) return 0;
  if (same_ignoring_case(type, "text/x-amp-html")) return 1;
  return is_html(type) ? 2 : 3;
}

bool is_content_id(std::string_view id) {
  return id.size() <= 900 &&
         std::ranges::all_of(id, [](char c) { return c > ' ' && c < 0x7f && c != '<' && c != '>'; });
}

void append_transfer_encoding(std::string& out, TransferEncoding encoding) {
  if (encoding == TransferEncoding::seven_bit) return;  // is what its absence means
  out.append("Content-Transfer-Encoding: ").append(name(encoding)).append(crlf);
}

std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9ull;
  value = (value ^ value >> 27) * 0x94D049BB133111EBull;
  return value ^ value >> 31;
}

// The common start of a message's boundaries. "=_" occurs in no quoted-printable or base64 text.
std::string boundary_stem(std::string_view seed, std::uint64_t attempt) {
  std::uint64_t hash = mixed(0xCBF29CE484222325ull + attempt);
  for (char c : seed) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
  const std::uint64_t first = mixed(hash), second = mixed(first + 0x9E3779B97F4A7C15ull);
  std::string out = "=_";
  for (std::uint64_t word : {first, second}) {
    out += base62(static_cast<std::uint32_t>(word), 6);
    out += base62(static_cast<std::uint32_t>(word >> 32), 6);
  }
  return out;
}

// Writes one message. Each write_… puts a whole entity: its fields to `headers`, the rest to `body`, which
// within a multipart are the same string.
class Rendering {
 public:
  Rendering(std::string stem, RenderedBody& out) : stem_(std::move(stem)), out_(out) {}

  void write_text(std::string& headers, std::string_view type, std::string_view content) {
    const auto encoding = best_encoding(content);
    headers.append("Content-Type: ").append(type);
    if (starts_ignoring_case(type, "text/")) headers.append("; charset=utf-8");
    headers.append(crlf);
    append_transfer_encoding(headers, encoding);
    end_fields(headers);
    append_encoded(out_.body, content, encoding);
    // Within a multipart the line break before a delimiter is the delimiter's (RFC 2046 5.1.1): a text that
    // ends with a line break of its own keeps it. Alone, a body only has to end with one.
    const bool alone = &headers != &out_.body;
    const bool exact = !alone && encoding != TransferEncoding::base64;
    if (exact || !out_.body.ends_with(crlf)) out_.body.append(crlf);
  }

  // write_part(i) writes the i-th of `count` entities into the body.
  template <class WritePart>
  void write_multipart(std::string& headers, std::string_view subtype, std::size_t count,
                       WritePart write_part) {
    const std::string boundary = stem_ + '.' + base62(++levels_, 1);
    headers.append("Content-Type: multipart/").append(subtype);
    headers.append(";\r\n boundary=\"").append(boundary).append("\"\r\n");
    end_fields(headers);
    for (std::size_t i = 0; i < count; ++i) {
      out_.body.append("--").append(boundary).append(crlf);
      write_part(i);
    }
    out_.body.append("--").append(boundary).append("--\r\n");
  }

 private:
  void end_fields(std::string& headers) {
    if (&headers == &out_.body) headers.append(crlf);
  }

  std::string stem_;
  RenderedBody& out_;
  std::uint32_t levels_ = 0;
};

}  // namespace

bool is_content_type(std::string_view type) {
  const auto slash = type.find('/');
  return slash != std::string_view::npos && type.size() <= 255 && is_token(type.substr(0, slash)) &&
         is_token(type.substr(slash + 1));
}

Result<EncodedAttachment> EncodedAttachment::encode(const Attachment& attachment) {
  if (!attachment.type.empty() && !is_content_type(attachment.type))
    return Error{Code::invalid, "an attachment type that is not type/subtype"};
  if (!is_content_id(attachment.content_id)) return Error{Code::invalid, "not a content id"};

  auto type = attachment.type.empty() ? octets : attachment.type;
  auto encoding = TransferEncoding::base64;
  if (same_ignoring_case(type, "message/rfc822") &&
      best_encoding(attachment.bytes) == TransferEncoding::seven_bit)
    encoding = TransferEncoding::seven_bit;
  else if (starts_ignoring_case(type, "message/") || starts_ignoring_case(type, "multipart/"))
    type = octets;

  EncodedAttachment out;
  out.embedded_ = attachment.disposition == Disposition::inline_ && !attachment.content_id.empty();
  auto& entity = out.entity_;
  entity.reserve(attachment.bytes.size() / 57 * 78 + 512);
  entity.append("Content-Type: ").append(type);
  if (!attachment.filename.empty()) append_legacy_parameter(entity, "name", attachment.filename);
  entity.append(crlf);
  append_transfer_encoding(entity, encoding);
  entity.append("Content-Disposition: ");
  entity.append(attachment.disposition == Disposition::attachment ? "attachment" : "inline");
  if (!attachment.filename.empty()) append_parameter(entity, "filename", attachment.filename);
  entity.append(crlf);
  if (!attachment.content_id.empty())
    entity.append("Content-ID: <").append(attachment.content_id).append(">\r\n");
  entity.append(crlf);
  if (encoding == TransferEncoding::base64)
    append_base64_lines(entity, attachment.bytes);
  else
    append_lines(entity, attachment.bytes);
  if (encoding != TransferEncoding::base64 || attachment.bytes.empty()) entity.append(crlf);
  return out;
}

Result<void> MimeBuilder::add_text(std::string_view type, std::string_view utf8) {
  if (!is_content_type(type)) return Error{Code::invalid, "a content type that is not type/subtype"};
  const auto after =
      std::ranges::find_if(texts_, [type](const Text& text) { return rank(text.type) > rank(type); });
  texts_.insert(after, {type, utf8});
  return {};
}

void MimeBuilder::attach(const EncodedAttachment& attachment) {
  (attachment.is_embedded() ? embedded_ : attached_).push_back(&attachment);
}

RenderedBody MimeBuilder::build(std::string_view seed) const {
  const bool has_html = std::ranges::any_of(texts_, [](const Text& text) { return is_html(text.type); });
  std::vector<const EncodedAttachment*> beside = attached_;
  if (!has_html) beside.insert(beside.begin(), embedded_.begin(), embedded_.end());
  const bool has_related = has_html && !embedded_.empty();
  const std::size_t body_count = texts_.empty() ? 0 : 1;

  RenderedBody out;
  std::size_t size = 1024;
  for (const Text& text : texts_) size += text.content.size() + text.content.size() / 4 + 256;
  for (const auto* list : {&embedded_, &attached_})
    for (const auto* attachment : *list) size += attachment->entity().size() + 64;
  out.body.reserve(size);
  out.headers = "MIME-Version: 1.0\r\n";

  Rendering rendering(unused_stem(seed), out);
  const auto write_one = [&](std::string& headers, const Text& text) {
    if (!has_related || !is_html(text.type)) return rendering.write_text(headers, text.type, text.content);
    rendering.write_multipart(headers, "related", 1 + embedded_.size(), [&](std::size_t i) {
      if (i == 0) return rendering.write_text(out.body, text.type, text.content);
      out.body.append(embedded_[i - 1]->entity());
    });
  };
  const auto write_texts = [&](std::string& headers) {
    if (texts_.size() == 1) return write_one(headers, texts_.front());
    rendering.write_multipart(headers, "alternative", texts_.size(),
                              [&](std::size_t i) { write_one(out.body, texts_[i]); });
  };
  if (texts_.empty() && beside.empty()) {
    rendering.write_text(out.headers, "text/plain", "");
  } else if (beside.empty()) {
    write_texts(out.headers);
  } else {
    rendering.write_multipart(out.headers, "mixed", body_count + beside.size(), [&](std::size_t i) {
      if (i < body_count) return write_texts(out.body);
      out.body.append(beside[i - body_count]->entity());
    });
  }
  return out;
}

std::string MimeBuilder::unused_stem(std::string_view seed) const {
  const auto occurs = [this](const std::string& stem) {
    return std::ranges::any_of(
               texts_, [&](const Text& text) { return text.content.find(stem) != std::string_view::npos; }) ||
           std::ranges::any_of(
               embedded_,
               [&](const auto* part) { return part->entity().find(stem) != std::string_view::npos; }) ||
           std::ranges::any_of(attached_, [&](const auto* part) {
             return part->entity().find(stem) != std::string_view::npos;
           });
  };
  std::string stem;
  for (std::uint64_t attempt = 0; stem.empty() || occurs(stem); ++attempt)
    stem = boundary_stem(seed, attempt);
  return stem;
}

}  // namespace postrider::mail

// SPDX-License-Identifier: Apache-2.0
// Texts and a file, cut from the input at its NULs, in one message: lines are legal, every boundary occurs
// only where a part begins or ends, and each encoding decodes to what went in.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "protocol/mail/mime_builder.h"
#include "protocol/mail/transfer_encoding.h"

using namespace postrider;

namespace {

void require(bool truth) {
  if (!truth) std::abort();
}

void check_lines(std::string_view text, std::size_t most) {
  while (!text.empty()) {
    const auto end = std::min(text.find("\r\n"), text.size());
    require(end <= most && text.substr(0, end).find_first_of("\r\n") == std::string_view::npos);
    text.remove_prefix(std::min(end + 2, text.size()));
  }
}

std::string from_quoted_printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      out += text[i];
    } else {
      if (text.substr(i + 1, 2) != "\r\n") out += unhex(text.substr(i + 1, 2)).value();
      i += 2;
    }
  }
  return out;
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::vector<std::string_view> parts;
  while (parts.size() < 3) {
    const auto end = std::min(input.find('\0'), input.size());
    parts.push_back(input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
  }

  std::string lines, quoted;
  mail::append_lines(lines, parts[0]);
  mail::append_quoted_printable(quoted, parts[0]);
  require(from_quoted_printable(quoted) == lines);
  check_lines(quoted, 76);
  if (mail::best_encoding(parts[0]) == mail::TransferEncoding::seven_bit) check_lines(lines, 998);

  const auto file = mail::EncodedAttachment::encode({.type = "message/rfc822",
                                                     .filename = parts[1],
                                                     .content_id = "a@b",
                                                     .bytes = parts[2],
                                                     .disposition = mail::Disposition::inline_});
  require(file.ok());
  mail::MimeBuilder builder;
  require(builder.add_text("text/html", parts[0]).ok() && builder.add_text("text/plain", parts[1]).ok());
  builder.attach(*file);
  const auto rendered = builder.build(input);
  check_lines(rendered.headers, 998);
  check_lines(rendered.body, 998);
  require(rendered.body.ends_with("\r\n"));
  const auto mark = rendered.headers.find("boundary=\"") + 10;
  const auto boundary = rendered.headers.substr(mark, rendered.headers.find('"', mark) - mark);
  require(count(rendered.body, "--" + boundary) == 3);
  require(count(rendered.body, boundary.substr(0, boundary.find('.'))) == 3 + 1 + 3);  // and the level below
  return 0;
}

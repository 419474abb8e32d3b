// SPDX-License-Identifier: Apache-2.0
// Text from outside on its way into a header: whatever it is, the header has the one field that was meant, in
// lines of legal length, and an address that parses parses again to itself.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/text.h"
#include "protocol/mail/encoded_word.h"
#include "protocol/mail/header.h"
#include "protocol/mail/mailbox.h"
#include "protocol/mail/parameter.h"

using namespace postrider;

namespace {

void require(bool truth) {
  if (!truth) std::abort();
}

// One field: every line but the first starts with a space or tab and holds more than that.
void check_field(std::string_view text) {
  require(text.ends_with("\r\n"));
  bool first = true;
  while (!text.empty()) {
    const auto end = text.find("\r\n");
    const auto line = text.substr(0, end);
    text.remove_prefix(end + 2);
    require(line.size() <= 998 &&
            line.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    require(first || (line.front() == ' ' || line.front() == '\t'));
    require(first || !trim(line).empty());
    first = false;
  }
}

void check_value(const std::string& value) {
  require(mail::is_header_value(value));
  std::string out;
  mail::append_header(out, "Subject", value);
  check_field(out);
  for (auto fold = out.find("\r\n"); fold + 2 < out.size(); fold = out.find("\r\n", fold)) out.erase(fold, 2);
  require(out == "Subject: " + value + "\r\n");
}

void check_address(std::string_view text) {
  const auto address = mail::Address::parse(text);
  if (!address) return;
  for (char c : address->text()) require(static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
  require(address->text().find(' ') == std::string::npos || address->local().starts_with('"'));
  require(is_ascii(address->ascii_domain()) && address->text().size() <= 254);
  require(address->needs_smtputf8() != is_ascii(address->ascii_text()));
  const auto again = mail::Address::parse(address->text()),
             ascii = mail::Address::parse(address->ascii_text());
  require(again && again->text() == address->text() && *again == *address);
  require(ascii && *ascii == *address);
  check_value(mail::header_form(mail::Mailbox{std::string(text), *address}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_address(text);
  if (is_utf8(text)) {
    const auto value = mail::unstructured(text);
    require(is_ascii(value));
    check_value(value);
    check_value(mail::phrase(text));
  }
  std::string field = "Content-Disposition: attachment";
  mail::append_parameter(field, "filename", text);
  mail::append_legacy_parameter(field, "name", text);
  check_field(field + "\r\n");
  mail::HeaderList list;
  if (list.add("X-Test", text)) check_value(std::string(text));
  return 0;
}

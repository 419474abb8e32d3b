// SPDX-License-Identifier: Apache-2.0
#include "protocol/smtp/capabilities.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace postrider::smtp {
namespace {

std::string_view take_word(std::string_view& line) {
  line = trim(line);
  const auto word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

void read_keyword(Capabilities& found, std::string_view line) {
  const auto keyword = take_word(line);
  const auto is = [&](std::string_view name) { return same_ignoring_case(keyword, name); };
  if (is("PIPELINING")) found.pipelining = true;
  if (is("8BITMIME")) found.eight_bit_mime = true;
  if (is("SMTPUTF8")) found.smtputf8 = true;
  if (is("STARTTLS")) found.starttls = true;
  if (is("ENHANCEDSTATUSCODES")) found.enhanced_status_codes = true;
  if (is("CHUNKING")) found.chunking = true;
  if (is("DSN")) found.dsn = true;
  if (is("SIZE")) {
    found.size = true;
    const auto limit = take_word(line);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(limit.data(), limit.data() + limit.size(), value);
    if (error == std::errc() && end == limit.data() + limit.size()) found.size_max = value;
  }
  // "AUTH=PLAIN" is how servers older than RFC 2554 wrote it; some still send both lines.
  const bool old_auth = starts_ignoring_case(keyword, "AUTH=");
  if (is("AUTH") || old_auth) {
    auto mechanism = old_auth ? keyword.substr(5) : take_word(line);
    for (; !mechanism.empty(); mechanism = take_word(line)) {
      auto name = upper(mechanism);
      if (std::ranges::find(found.auth, name) == found.auth.end()) found.auth.push_back(std::move(name));
    }
  }
}

}  // namespace

Capabilities parse_capabilities(const Reply& ehlo) {
  Capabilities found;
  std::string_view rest = ehlo.text;
  auto end = rest.find('\n');  // The first line is the server's name.
  while (end != std::string_view::npos) {
    rest.remove_prefix(end + 1);
    end = rest.find('\n');
    read_keyword(found, rest.substr(0, end));
  }
  return found;
}

}  // namespace postrider::smtp

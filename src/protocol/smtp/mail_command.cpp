// SPDX-License-Identifier: Apache-2.0
#include "protocol/smtp/mail_command.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "protocol/smtp/envelope.h"

namespace postrider::smtp {
namespace {

Reply syntax(std::string_view text) {
  return {501, EnhancedCode{5, 5, 4}, std::string(text)};
}

bool is_hex(char c) {
  return is_digit(c) || (c >= 'A' && c <= 'F');
}

// Takes "FROM:<path>" off the front of `line`; the source route that RFC 5321 4.1.1.3 tells us to ignore is
// left out. nullopt: not of that form.
std::optional<std::string_view> take_path(std::string_view& line, std::string_view keyword) {
  if (!starts_ignoring_case(line, keyword)) return std::nullopt;
  std::string_view rest = line.substr(keyword.size());
  while (rest.starts_with(' ')) rest.remove_prefix(1);  // Clients in the wild write "FROM: <".
  if (!rest.starts_with('<')) return std::nullopt;
  rest.remove_prefix(1);
  std::size_t end = 0;
  for (bool quoted = false; end < rest.size() && (quoted || rest[end] != '>'); ++end) {
    if (rest[end] == '"') quoted = !quoted;
    if (rest[end] == '\\' && quoted) ++end;
  }
  if (end >= rest.size()) return std::nullopt;
  auto path = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  if (!rest.empty() && rest.front() != ' ') return std::nullopt;
  line = rest;
  if (path.starts_with('@')) {
    const auto route = path.find(':');
    if (route == std::string_view::npos) return std::nullopt;
    path.remove_prefix(route + 1);
  }
  return path;
}

struct Parameter {
  std::string_view name;
  std::string_view value;
  bool has_value = false;
};

std::optional<Parameter> take_parameter(std::string_view& line) {
  line = trim(line);
  if (line.empty()) return std::nullopt;
  const auto word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) return Parameter{word, {}, false};
  return Parameter{word.substr(0, equals), word.substr(equals + 1), true};
}

bool one_of(std::string_view value, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return same_ignoring_case(value, word); });
}

bool is_notify(std::string_view value) {
  if (one_of(value, {"NEVER"})) return true;
  for (;;) {
    const auto comma = value.find(',');
    if (!one_of(value.substr(0, comma), {"SUCCESS", "FAILURE", "DELAY"})) return false;
    if (comma == std::string_view::npos) return true;
    value.remove_prefix(comma + 1);
  }
}

// An original recipient is "type;xtext", or with SMTPUTF8 raw UTF-8 behind "utf-8;" (RFC 6533 3).
bool is_orcpt(std::string_view value) {
  const auto semicolon = value.find(';');
  if (semicolon == 0 || semicolon == std::string_view::npos) return false;
  const auto address = value.substr(semicolon + 1);
  return same_ignoring_case(value.substr(0, semicolon), "utf-8") ? is_utf8(address) : is_xtext(address);
}

// Runs `take` on each parameter. `take` says whether the value is right, or nullopt for a name it does not
// know.
template <class Take>
std::optional<Reply> read_parameters(std::string_view line, bool extended, Take take) {
  constexpr std::size_t most = 16;
  std::array<std::string_view, most> seen;
  for (std::size_t count = 0; auto parameter = take_parameter(line); ++count) {
    if (!extended) return Reply{555, EnhancedCode{5, 5, 4}, "parameters need EHLO"};
    const auto names = seen.begin() + static_cast<std::ptrdiff_t>(count);
    if (count == most || std::any_of(seen.begin(), names,
                                     [&](auto name) { return same_ignoring_case(name, parameter->name); }))
      return syntax("parameter given twice");
    seen[count] = parameter->name;
    const std::optional<bool> right = take(*parameter);
    if (!right) return Reply{555, EnhancedCode{5, 5, 4}, "unknown parameter"};
    if (!*right) return syntax("bad parameter value");
  }
  return std::nullopt;
}

}  // namespace

bool is_xtext(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c < '!' || c > '~' || c == '=') return false;
    if (c != '+') continue;
    if (text.size() - i < 3 || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
    i += 2;
  }
  return true;
}

std::variant<MailCommand, Reply> parse_mail(std::string_view line, bool extended) {
  const auto path = take_path(line, "FROM:");
  if (!path) return syntax("write MAIL FROM:<address>");
  if (!fits_in_path(*path)) return Reply{501, EnhancedCode{5, 1, 7}, "bad sender address"};
  MailCommand found;
  found.sender = *path;
  const auto refusal = read_parameters(line, extended, [&](const Parameter& p) -> std::optional<bool> {
    const auto is = [&](std::string_view name) { return same_ignoring_case(p.name, name); };
    if (is("SIZE")) {
      const char* end = p.value.data() + p.value.size();
      const auto [stop, error] = std::from_chars(p.value.data(), end, found.size);
      return error == std::errc() && stop == end && p.value.size() <= 20;
    }
    if (is("BODY")) {
      found.eight_bit = one_of(p.value, {"8BITMIME"});
      return found.eight_bit || one_of(p.value, {"7BIT"});
    }
    if (is("SMTPUTF8")) {
      found.utf8 = true;
      return !p.has_value;
    }
    if (is("RET")) return one_of(p.value, {"FULL", "HDRS"});
    if (is("ENVID")) return !p.value.empty() && p.value.size() <= 100 && is_xtext(p.value);
    if (is("AUTH")) return p.value == "<>" || (!p.value.empty() && is_xtext(p.value));
    return std::nullopt;
  });
  if (refusal) return *refusal;
  if (!found.utf8 && !is_ascii(found.sender))
    return Reply{550, EnhancedCode{5, 6, 7}, "address is not ASCII: say SMTPUTF8"};
  return found;
}

std::variant<RcptCommand, Reply> parse_rcpt(std::string_view line, bool extended) {
  const auto path = take_path(line, "TO:");
  if (!path) return syntax("write RCPT TO:<address>");
  if (path->empty() || !fits_in_path(*path))
    return Reply{501, EnhancedCode{5, 1, 3}, "bad recipient address"};
  const auto refusal = read_parameters(line, extended, [](const Parameter& p) -> std::optional<bool> {
    if (same_ignoring_case(p.name, "NOTIFY")) return is_notify(p.value);
    if (same_ignoring_case(p.name, "ORCPT")) return p.value.size() <= 500 && is_orcpt(p.value);
    return std::nullopt;
  });
  if (refusal) return *refusal;
  return RcptCommand{std::string(*path)};
}

}  // namespace postrider::smtp

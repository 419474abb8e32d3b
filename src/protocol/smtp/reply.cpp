// SPDX-License-Identifier: Apache-2.0
#include "protocol/smtp/reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"

namespace postrider::smtp {
namespace {

// Up to three digits from the front of `text`.
std::optional<std::uint16_t> take_number(std::string_view& text) {
  std::size_t digits = 0;
  unsigned value = 0;
  for (; digits < text.size() && digits < 3 && is_digit(text[digits]); ++digits)
    value = value * 10 + static_cast<unsigned>(text[digits] - '0');
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return static_cast<std::uint16_t>(value);
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// The enhanced code at the front of a line, taken off it with the space behind.
std::optional<EnhancedCode> take_enhanced(std::string_view& line, int code) {
  std::string_view rest = line;
  EnhancedCode found;
  if (rest.empty() || rest.front() - '0' != code / 100 || code / 100 == 3) return std::nullopt;
  found.category = static_cast<std::uint16_t>(code / 100);
  rest.remove_prefix(1);
  if (!take(rest, '.')) return std::nullopt;
  const auto subject = take_number(rest);
  if (!subject || !take(rest, '.')) return std::nullopt;
  const auto detail = take_number(rest);
  if (!detail || (!rest.empty() && !take(rest, ' '))) return std::nullopt;
  found.subject = *subject;
  found.detail = *detail;
  line = rest;
  return found;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

void append_printable(std::string& out, std::string_view text) {
  if (is_ascii(text) && std::ranges::none_of(text, is_control)) {
    out.append(text);
    return;
  }
  const bool utf8 = is_utf8(text);
  for (char c : text) {
    const bool odd = c != '\t' && (is_control(c) || (!utf8 && static_cast<unsigned char>(c) >= 0x80));
    out.push_back(odd ? '?' : c == '\t' ? ' ' : c);
  }
}

}  // namespace

std::string to_string(EnhancedCode code) {
  return fmt::format("{}.{}.{}", code.category, code.subject, code.detail);
}

std::string to_string(const Reply& reply) {
  std::string out;
  if (reply.code) out = fmt::format("{}", reply.code);
  if (reply.enhanced) fmt::format_to(std::back_inserter(out), " {}", to_string(*reply.enhanced));
  if (!out.empty() && !reply.text.empty()) out.push_back(' ');
  const auto text = out.size();
  out.append(reply.text);
  std::replace(out.begin() + static_cast<std::ptrdiff_t>(text), out.end(), '\n', ' ');
  return out;
}

void append_reply(std::string& out, const Reply& reply) {
  constexpr std::size_t text_max = 480;  // 512 less code, separator, longest enhanced code and CRLF
  std::string_view rest = reply.text;
  for (bool last = false; !last;) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    std::size_t next = line.size() + 1;
    if (line.size() > text_max) {
      std::size_t cut = text_max;
      while (cut > text_max - 4 && (static_cast<unsigned char>(line[cut]) & 0xC0) == 0x80) --cut;
      line = line.substr(0, cut);
      next = cut;
    }
    last = next > rest.size();
    rest.remove_prefix(std::min(next, rest.size()));
    fmt::format_to(std::back_inserter(out), "{}{}", reply.code, last ? ' ' : '-');
    if (reply.enhanced)
      fmt::format_to(std::back_inserter(out), "{}.{}.{} ", reply.enhanced->category, reply.enhanced->subject,
                     reply.enhanced->detail);
    std::ranges::transform(line, std::back_inserter(out), [](char c) { return is_control(c) ? ' ' : c; });
    out.append("\r\n");
  }
}

void ReplyParser::reset() {
  line_.clear();
  what_ = {};
  bytes_ = lines_ = 0;
}

ReplyParser::Found ReplyParser::fail(std::string_view what) {
  what_ = what;
  return Found::broken;
}

ReplyParser::Found ReplyParser::next(std::string_view& in, Reply& reply) {
  while (!in.empty() && what_.empty()) {
    const auto end = in.find('\n');
    std::string_view line = in.substr(0, end);
    bytes_ += line.size() + 1;
    if (bytes_ > reply_bytes_max) return fail("reply is too long");
    const bool whole = end != std::string_view::npos;
    in.remove_prefix(whole ? end + 1 : in.size());
    if (!whole || !line_.empty()) {
      line_.append(line.substr(0, line_bytes_max - std::min(line_bytes_max, line_.size())));
      if (!whole) {
        --bytes_;  // its line end is yet to come
        return Found::more;
      }
      line = line_;
    }
    const Found found = take_line(line, reply);
    line_.clear();
    if (found != Found::more) return found;
  }
  return what_.empty() ? Found::more : Found::broken;
}

ReplyParser::Found ReplyParser::take_line(std::string_view line, Reply& reply) {
  line = line.substr(0, line_bytes_max);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.size() < 3 || !is_digit(line[0]) || !is_digit(line[1]) || !is_digit(line[2]))
    return fail("not an SMTP reply");
  const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  if (code < 200 || code > 599) return fail("reply code out of range");
  const char separator = line.size() > 3 ? line[3] : ' ';
  if (separator != ' ' && separator != '-') return fail("not an SMTP reply");
  line.remove_prefix(std::min<std::size_t>(line.size(), 4));

  if (lines_ == 0) {
    reply.code = code;
    reply.text.clear();
    reply.enhanced = take_enhanced(line, code);
  } else {
    if (code != reply.code) return fail("reply code changes between lines");
    if (reply.enhanced) {
      std::string_view rest = line;
      if (take_enhanced(rest, code) == reply.enhanced) line = rest;
    }
    reply.text.push_back('\n');
  }
  if (++lines_ > lines_max) return fail("reply has too many lines");
  append_printable(reply.text, line);
  if (separator == '-') return Found::more;
  bytes_ = lines_ = 0;
  return Found::reply;
}

}  // namespace postrider::smtp

// SPDX-License-Identifier: Apache-2.0
#include "io/stderr_log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <iterator>

#include "base/text.h"
#include "io/retried.h"

namespace postrider::io {
namespace {

constexpr std::size_t longest_value = 2000;

constexpr std::string_view word(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::alarm:
      return "alarm";
  }
  return "";
}

// Length of the well-formed UTF-8 character at the front, 0 if there is none.
std::size_t character(std::string_view text) {
  for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length)
    if (is_utf8(text.substr(0, length))) return length;
  return 0;
}

// C0, DEL, C1 and U+2028/2029: terminals and log readers take them for commands or line ends.
bool is_dangerous(std::string_view c) {
  if (c.size() == 1) return c[0] >= 0 && (c[0] < 0x20 || c[0] == 0x7f);
  return (c.size() == 2 && c[0] == '\xc2' && static_cast<unsigned char>(c[1]) < 0xa0) || c == "\u2028" ||
         c == "\u2029";
}

unsigned scalar(std::string_view c) {
  if (c.size() == 1) return static_cast<unsigned char>(c[0]);
  unsigned value = static_cast<unsigned char>(c[0]) & (c.size() == 2 ? 0x1fu : 0x0fu);
  for (char next : c.substr(1)) value = value << 6 | (static_cast<unsigned char>(next) & 0x3fu);
  return value;
}

void append_quoted(std::string& out, std::string_view text) {
  bool clipped = text.size() > longest_value;
  text = text.substr(0, longest_value);
  out += '"';
  while (!text.empty()) {
    std::size_t length = character(text);
    if (length == 0) {
      out += "\\ufffd";
      text.remove_prefix(1);
      continue;
    }
    std::string_view c = text.substr(0, length);
    if (c == "\"" || c == "\\") {
      out += '\\';
      out += c;
    } else if (c == "\n") {
      out += "\\n";
    } else if (is_dangerous(c)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", scalar(c));
    } else {
      out += c;
    }
    text.remove_prefix(length);
  }
  if (clipped) out += "...";
  out += '"';
}

// Words that need no quotes in the text form.
bool is_plain(std::string_view text) {
  if (text.empty() || text.size() > longest_value) return false;
  for (char c : text)
    if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '=') return false;
  return true;
}

void append_value(std::string& out, const Field& field, bool quote_always) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    if (quote_always || !is_plain(*text))
      append_quoted(out, *text);
    else
      out += *text;
  } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    fmt::format_to(std::back_inserter(out), "{}", *number);
  } else {
    out += std::get<bool>(field.value) ? "true" : "false";
  }
}

void append_time(std::string& out, Time time) {
  fmt::format_to(std::back_inserter(out), "{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds(time)),
                 millis(time) - seconds(time) * 1000);
}

void append_line(std::string& out, StderrLog::Format format, Time now, Level level, std::string_view event,
                 std::initializer_list<Field> fields) {
  if (format == StderrLog::Format::json) {
    out += R"({"time":")";
    append_time(out, now);
    out += R"(","level":")";
    out += word(level);
    out += R"(","event":)";
    append_quoted(out, event);
    for (const Field& field : fields) {
      out += ',';
      append_quoted(out, field.name);
      out += ':';
      append_value(out, field, true);
    }
    out += "}\n";
  } else {
    append_time(out, now);
    out += ' ';
    out += word(level);
    out += ' ';
    append_value(out, Field("", event), false);
    for (const Field& field : fields) {
      out += ' ';
      out += field.name;
      out += '=';
      append_value(out, field, false);
    }
    out += '\n';
  }
}

}  // namespace

void StderrLog::write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (level < least_.load(std::memory_order_relaxed)) return;
  const auto now = clock_.wall();
  std::string lines;
  lines.reserve(256);
  const bool cut = cut_.exchange(false);
  const auto lost = lost_.exchange(0);
  if (cut) lines += '\n';
  if (lost > 0) append_line(lines, format_, now, Level::warning, "log_lines_lost", {{"lines", lost}});
  const auto told = lines.size();  // with these bytes out, those lost before need not be told again
  append_line(lines, format_, now, level, event, fields);
  // Whoever reads the log may be gone or slow, its disk may be full; a server does not stop for that.
  std::string_view left = lines;
  while (!left.empty()) {
    const ssize_t put = retried([&] { return ::write(fd_, left.data(), left.size()); });
    if (put <= 0) {
      lost_ += lines.size() - left.size() < told ? lost + 1 : 1;
      if (cut || left.size() < lines.size()) cut_ = true;
      return;
    }
    left.remove_prefix(static_cast<std::size_t>(put));
  }
}

}  // namespace postrider::io

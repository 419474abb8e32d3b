// SPDX-License-Identifier: Apache-2.0
#include "protocol/mail/transfer_encoding.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/encoding.h"

namespace postrider::mail {
namespace {

constexpr std::size_t most_line = 998;
constexpr std::size_t quoted_line = 75;  // and the "=" of a soft break makes 76
constexpr std::size_t base64_line = 57;  // bytes that make 76 characters
constexpr std::string_view crlf = "\r\n";
constexpr std::string_view mbox_mark = "From ";

using Table = std::array<bool, 256>;
constexpr Table plain_in_quoted = [] {
  Table table{};
  for (std::size_t c = ' '; c < 0x7f; ++c) table[c] = c != '=';
  table['\t'] = true;
  return table;
}();

bool is_plain(char c) {
  return plain_in_quoted[static_cast<unsigned char>(c)];
}

std::size_t find(std::string_view text, char c, std::size_t from, std::size_t to) {
  const void* at = from < to ? std::memchr(text.data() + from, c, to - from) : nullptr;
  return at ? static_cast<std::size_t>(static_cast<const char*>(at) - text.data()) : to;
}

// Calls each(line, broken) for every line without its LF, CR or CRLF; `broken` says that one followed.
template <class Each>
void each_line(std::string_view text, Each each) {
  std::size_t from = 0, feed = find(text, '\n', 0, text.size());
  while (from < text.size()) {
    const auto end = find(text, '\r', from, feed);
    each(text.substr(from, end - from), end < text.size());
    from = end == feed || end + 1 == feed ? feed + 1 : end + 1;
    if (from > feed) feed = find(text, '\n', from, text.size());
  }
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  const char escaped[] = {'=', digits[byte >> 4], digits[byte & 15]};
  out.append(escaped, sizeof escaped);
}

// A dot at the start of a line may be lost by a careless relay, "From " gains a ">" in a mailbox file.
bool is_harmed_at_line_start(std::string_view rest) {
  return rest.starts_with('.') || rest.starts_with(mbox_mark);
}

void append_quoted_line(std::string& out, std::string_view line) {
  std::size_t column = 0;
  const auto make_room = [&](std::size_t width) {
    if (column + width <= quoted_line) return;
    out.append("=\r\n");
    column = 0;
  };
  // Spaces at the end of a line may be lost on the way.
  const auto plain_end = line.ends_with(' ') || line.ends_with('\t') ? line.size() - 1 : line.size();
  for (std::size_t at = 0; at < line.size();) {
    make_room(1);
    auto end = at;
    const auto limit = std::min(plain_end, at + quoted_line - column);
    if (column > 0 || !is_harmed_at_line_start(line.substr(at)))
      while (end < limit && is_plain(line[end])) ++end;
    if (end > at) {
      out.append(line.substr(at, end - at));
      column += end - at;
    } else {
      make_room(3);
      append_escaped(out, line[at]);
      column += 3;
      ++end;
    }
    at = end;
  }
}

// Whether all bytes are tab or printable ASCII. Written without an early exit so that it compiles to vectors.
bool is_seven_bit(std::string_view line) {
  unsigned odd = 0;
  for (char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    odd |= static_cast<unsigned>(static_cast<unsigned char>(byte - ' ') > '~' - ' ') &
           static_cast<unsigned>(byte != '\t');
  }
  return odd == 0;
}

bool is_legal_as_it_is(std::string_view text) {
  bool legal = true;
  each_line(text, [&legal](std::string_view line, bool) {
    legal = legal && line.size() <= most_line && !line.starts_with(mbox_mark) && is_seven_bit(line);
  });
  return legal;
}

}  // namespace

std::string_view name(TransferEncoding encoding) {
  switch (encoding) {
    case TransferEncoding::seven_bit:
      return "7bit";
    case TransferEncoding::quoted_printable:
      return "quoted-printable";
    case TransferEncoding::base64:
      return "base64";
  }
  return "";
}

TransferEncoding best_encoding(std::string_view text) {
  if (is_legal_as_it_is(text)) return TransferEncoding::seven_bit;
  const auto line_ends = [](char c) { return c == '\r' || c == '\n'; };
  const auto escapes = std::ranges::count_if(text, [&](char c) { return !is_plain(c) && !line_ends(c); });
  const auto quoted = text.size() + 2 * static_cast<std::size_t>(escapes);
  const auto soft_breaks = quoted / quoted_line * 3;
  const auto base64 = text.size() / base64_line * 78 + 80;
  return quoted + soft_breaks <= base64 ? TransferEncoding::quoted_printable : TransferEncoding::base64;
}

void append_encoded(std::string& out, std::string_view text, TransferEncoding encoding) {
  switch (encoding) {
    case TransferEncoding::seven_bit:
      return append_lines(out, text);
    case TransferEncoding::quoted_printable:
      return append_quoted_printable(out, text);
    case TransferEncoding::base64: {
      std::string canonical;
      canonical.reserve(text.size() + text.size() / 16);
      append_lines(canonical, text);
      return append_base64_lines(out, canonical);
    }
  }
}

void append_lines(std::string& out, std::string_view text) {
  each_line(text, [&out](std::string_view line, bool broken) {
    out.append(line);
    if (broken) out.append(crlf);
  });
}

void append_quoted_printable(std::string& out, std::string_view text) {
  each_line(text, [&out](std::string_view line, bool broken) {
    append_quoted_line(out, line);
    if (broken) out.append(crlf);
  });
}

void append_base64_lines(std::string& out, std::string_view bytes) {
  out.reserve(out.size() + bytes.size() / base64_line * 78 + 80);
  for (; !bytes.empty(); bytes.remove_prefix(std::min(base64_line, bytes.size()))) {
    append_base64(out, bytes.substr(0, base64_line));
    out.append(crlf);
  }
}

}  // namespace postrider::mail

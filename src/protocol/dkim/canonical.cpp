// SPDX-License-Identifier: Apache-2.0
#include "protocol/dkim/canonical.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace postrider::dkim {
namespace {

constexpr bool is_white(char c) {
  return c == ' ' || c == '\t';
}

constexpr std::array<char, 256> tab_to_space = [] {
  std::array<char, 256> table{};
  for (std::size_t c = 0; c < table.size(); ++c) table[c] = static_cast<char>(c);
  table['\t'] = ' ';
  return table;
}();

constexpr std::size_t most_piece = 1024;  // well below the buffer

}  // namespace

std::vector<FieldView> split_fields(std::string_view headers) {
  std::vector<FieldView> fields;
  fields.reserve(32);
  while (!headers.empty()) {
    std::size_t end = 0;
    do {  // a line, and those that continue it
      end = headers.find("\r\n", end);
      end = end == std::string_view::npos ? headers.size() : end + 2;
    } while (end < headers.size() && is_white(headers[end]));
    const auto raw = headers.substr(0, end);
    const auto colon = raw.find(':');
    if (colon != std::string_view::npos) fields.push_back({trim(raw.substr(0, colon)), raw});
    headers.remove_prefix(end);
  }
  return fields;
}

void append_relaxed(std::string& out, std::string_view raw) {
  const auto colon = raw.find(':');
  for (char c : trim(raw.substr(0, colon))) out.push_back(lower(c));
  out.push_back(':');
  bool space = false;
  for (char c : trim(raw.substr(colon + 1))) {
    if (is_white(c) || c == '\r' || c == '\n') {  // a fold, CRLF and white space, becomes one space
      space = true;
      continue;
    }
    if (space) out.push_back(' ');
    space = false;
    out.push_back(c);
  }
}

void BodyHasher::flush() {
  const auto allowed = total_ < limit_ ? std::min<std::uint64_t>(used_, limit_ - total_) : 0;
  hash_.update({buffer_.data(), static_cast<std::size_t>(allowed)});
  total_ += used_;
  used_ = 0;
}

void BodyHasher::make_room(std::size_t size) {
  if (buffer_.size() - used_ < size) flush();
}

void BodyHasher::put_breaks(std::uint64_t count) {
  for (; count > 0; --count) {
    make_room(2);
    buffer_[used_++] = '\r';
    buffer_[used_++] = '\n';
  }
}

// Adds a piece of one line, no larger than most_piece.
void BodyHasher::add(std::string_view piece) {
  std::size_t i = 0;
  if (relaxed_)
    for (; i < piece.size() && is_white(piece[i]); ++i) space_ = true;
  if (i == piece.size()) return;
  put_breaks(std::exchange(breaks_, 0));
  make_room(piece.size() + 1);
  char* out = buffer_.data() + used_;
  if (space_) *out++ = ' ';
  if (relaxed_) {
    bool white = false;
    // Without branches: the second and later spaces of a run are written over by what follows.
    for (; i < piece.size(); ++i) {
      const char c = tab_to_space[static_cast<unsigned char>(piece[i])];
      const bool now_white = c == ' ';
      *out = c;
      out += !(white & now_white);
      white = now_white;
    }
    out -= white;  // it counts only if the line goes on
    space_ = white;
  } else {
    out = std::copy(piece.begin(), piece.end(), out);
  }
  used_ = static_cast<std::size_t>(out - buffer_.data());
}

void BodyHasher::update(std::string_view bytes) {
  while (!bytes.empty()) {
    if (cr_) {
      cr_ = false;
      if (bytes.starts_with('\n')) {
        end_line();
        bytes.remove_prefix(1);
        continue;
      }
      add("\r");
    }
    auto piece = bytes.substr(0, most_piece);
    const auto feed = piece.find('\n');
    if (feed != std::string_view::npos) piece = piece.substr(0, feed + 1);
    bytes.remove_prefix(piece.size());
    if (piece.ends_with("\r\n")) {
      add(piece.substr(0, piece.size() - 2));
      end_line();
    } else if (piece.ends_with('\r')) {
      add(piece.substr(0, piece.size() - 1));
      cr_ = true;
    } else {
      add(piece);
    }
  }
}

void BodyHasher::end_line() {
  space_ = false;
  ++breaks_;
}

Digest BodyHasher::finish() {
  if (cr_) add("\r");
  // The last line ends with exactly one CRLF; an empty body has one only in simple form (RFC
  // 6376 3.4.3, 3.4.4).
  if (!relaxed_ || total_ + used_ > 0) put_breaks(1);
  flush();
  return hash_.finish();
}

Digest body_hash(std::string_view body, Canonicalization form) {
  BodyHasher hasher(form);
  hasher.update(body);
  return hasher.finish();
}

}  // namespace postrider::dkim

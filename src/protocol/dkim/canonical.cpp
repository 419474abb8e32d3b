// SPDX-License-Identifier: Apache-2.0
#include "protocol/dkim/canonical.h"

#include <algorithm>

#include "base/text.h"

namespace postrider::dkim {
namespace {

constexpr bool is_white(char c) {
  return c == ' ' || c == '\t';
}

constexpr std::array<bool, 256> is_special = [] {
  std::array<bool, 256> table{};
  for (char c : {' ', '\t', '\r', '\n'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

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
    if (is_special[static_cast<unsigned char>(
            c)]) {  // a fold is CRLF and white space: both go into one space
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

void BodyHasher::put(char c) {
  if (used_ == buffer_.size()) flush();
  buffer_[used_++] = c;
}

void BodyHasher::content(char c) {
  for (; breaks_ > 0; --breaks_) {
    put('\r');
    put('\n');
  }
  if (space_) put(' ');
  space_ = false;
  put(c);
}

void BodyHasher::update(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const char c = bytes[i];
    if (cr_ && c != '\n') {
      cr_ = false;
      content('\r');
    }
    if (!is_special[static_cast<unsigned char>(c)]) {
      content(c);
      ++i;
      if (used_ == buffer_.size()) flush();
      const auto end = i + std::min(bytes.size() - i, buffer_.size() - used_);
      while (i < end && !is_special[static_cast<unsigned char>(bytes[i])]) buffer_[used_++] = bytes[i++];
      continue;
    }
    ++i;
    if (c == '\r') {
      cr_ = true;
    } else if (c == '\n' && cr_) {
      cr_ = space_ = false;
      ++breaks_;
    } else if (c == '\n' || !relaxed_) {
      content(c);
    } else {
      space_ = true;
    }
  }
}

Digest BodyHasher::finish() {
  if (cr_) content('\r');
  // The last line ends with exactly one CRLF; an empty body has one only in simple form (RFC
  // 6376 3.4.3, 3.4.4).
  if (!relaxed_ || total_ + used_ > 0) {
    put('\r');
    put('\n');
  }
  flush();
  return hash_.finish();
}

Digest body_hash(std::string_view body, Canonicalization form) {
  BodyHasher hasher(form);
  hasher.update(body);
  return hasher.finish();
}

}  // namespace postrider::dkim

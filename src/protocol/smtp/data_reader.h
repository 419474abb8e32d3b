// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace postrider::smtp {

// Reads one message as it follows DATA (RFC 5321 4.5.2), from bytes cut anywhere: undoes dot-stuffing, and
// ends at <CRLF>.<CRLF> and at nothing else. A CR or LF that stands alone is not a line end that somebody may
// read as one: it breaks the message and with it the connection, since nobody can say where the message ends.
class DataReader {
 public:
  enum class Found { more, end, bare_line_end };

  explicit DataReader(std::size_t size_max) : size_max_(size_max) {}

  // Takes from the front of `in`, up to the end of the message if it is there.
  Found read(std::string_view& in);

  bool too_large() const { return size_ > size_max_; }  // what passed the limit was dropped
  bool has_nul() const { return has_nul_; }
  std::string take() { return std::move(message_); }

 private:
  enum class At { line_start, dot, dot_cr, line, cr };
  void keep(const char* from, const char* to);

  std::string message_;
  std::size_t size_ = 0;  // octets of the message so far, kept or dropped
  std::size_t size_max_;
  At at_ = At::line_start;
  bool has_nul_ = false;
};

}  // namespace postrider::smtp

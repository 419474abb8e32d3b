// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postrider::smtp {

// RFC 3463: class.subject.detail, as in 5.1.1.
struct EnhancedCode {
  std::uint16_t category = 0;  // 2, 4 or 5: the first digit of the code it stands beside
  std::uint16_t subject = 0;   // 0-999
  std::uint16_t detail = 0;    // 0-999
  friend bool operator==(const EnhancedCode&, const EnhancedCode&) = default;
};

// What a server answered, or is to answer (RFC 5321 4.2). Code 0: nobody answered, and `text` says why.
struct Reply {
  int code = 0;                          // 200-599
  std::optional<EnhancedCode> enhanced;  // only one whose class fits the code
  std::string text;                      // its lines joined by '\n', each without code and enhanced code

  bool positive() const { return code / 100 == 2; }
  bool intermediate() const { return code / 100 == 3; }
  bool temporary() const { return code / 100 == 4; }
  bool permanent() const { return code / 100 == 5; }
  friend bool operator==(const Reply&, const Reply&) = default;
};

std::string to_string(EnhancedCode code);
// One line for events and logs: "550 5.1.1 user unknown".
std::string to_string(const Reply& reply);
// Appends the reply as it goes over the wire. Control characters become spaces and lines that would pass 512
// octets continue on the next, so that no text can forge a reply.
void append_reply(std::string& out, const Reply& reply);

// Reads replies from bytes cut anywhere, in memory bounded by `reply_bytes_max`.
//
// Strict in what decides a recipient's fate: three digits of which the first is 2-5, then '-', ' ' or the end
// of the line, and the same code on every line. Lenient, as Postfix's client is, in what does not: a line may
// end in a bare LF (replies are counted one per command, so a forged one puts the session out of step and
// ends it), text past 2048 octets of a line is dropped, control characters and broken UTF-8 become '?'.
class ReplyParser {
 public:
  static constexpr std::size_t line_bytes_max = 2048;
  static constexpr std::size_t lines_max = 128;
  static constexpr std::size_t reply_bytes_max = 64 * 1024;

  enum class Found { reply, more, broken };

  // Takes from the front of `in` until a reply is whole, and fills `reply` (reusing its memory). After
  // `broken` the connection cannot be used: what() says why, and only reset() makes the parser new.
  Found next(std::string_view& in, Reply& reply);
  std::string_view what() const { return what_; }
  bool amid() const { return lines_ > 0 || !line_.empty(); }  // part of a reply has been read
  void reset();

 private:
  Found take_line(std::string_view line, Reply& reply);
  Found fail(std::string_view what);

  std::string line_;  // the unfinished line, at most line_bytes_max
  std::string_view what_;
  std::size_t bytes_ = 0;  // of this reply so far, kept or dropped
  std::size_t lines_ = 0;
};

}  // namespace postrider::smtp

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/sha256.h"

namespace postrider::dkim {

enum class Canonicalization { simple, relaxed };  // RFC 6376 3.4

// One header field of a message: views into it.
struct FieldView {
  std::string_view name;
  std::string_view raw;  // name, colon, value with its folds, CRLF
};

// The fields of a header block, in order; what is not a field (no colon) is left out.
std::vector<FieldView> split_fields(std::string_view headers);

// Appends a raw field (with or without its CRLF) in relaxed form and without CRLF: "name:value".
void append_relaxed(std::string& out, std::string_view raw);

// The hash that bh= carries. Bytes may be cut anywhere; lines end with CRLF, a bare CR or LF is an ordinary
// byte.
class BodyHasher {
 public:
  static constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
  // `limit`: hash only so many canonical octets (l=).
  explicit BodyHasher(Canonicalization form = Canonicalization::relaxed, std::uint64_t limit = all)
      : relaxed_(form == Canonicalization::relaxed), limit_(limit) {}

  void update(std::string_view bytes);
  Digest finish();                               // once; nothing may follow
  std::uint64_t size() const { return total_; }  // canonical octets; valid after finish()

 private:
  void add(std::string_view piece);
  void end_line();
  void put_breaks(std::uint64_t count);
  void make_room(std::size_t size);
  void flush();

  Sha256 hash_;
  std::array<char, 4096> buffer_;
  std::size_t used_ = 0;
  std::uint64_t total_ = 0;   // canonical octets flushed, hashed or not
  std::uint64_t breaks_ = 0;  // CRLFs that count only if content follows
  bool relaxed_;
  bool space_ = false;  // white space that counts only if the line goes on
  bool cr_ = false;     // a CR whose LF may come
  std::uint64_t limit_;
};

Digest body_hash(std::string_view body, Canonicalization form = Canonicalization::relaxed);

}  // namespace postrider::dkim

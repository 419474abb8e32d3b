// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"

namespace postrider {

// Appends values to a string in the one binary form all our files use: little-endian fixed integers, LEB128
// varints, length-prefixed bytes.
class Writer {
 public:
  void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void u16(std::uint16_t value) { fixed(value, 2); }
  void u32(std::uint32_t value) { fixed(value, 4); }
  void u64(std::uint64_t value) { fixed(value, 8); }
  void varint(std::uint64_t value);
  void raw(std::string_view bytes) { out_.append(bytes); }
  void bytes(std::string_view value) {
    varint(value.size());
    out_.append(value);
  }
  template <class Tag>
  void id(const WideId<Tag>& id) {
    out_.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
  }

  std::string take() { return std::move(out_); }
  const std::string& view() const { return out_; }
  std::size_t size() const { return out_.size(); }

 private:
  void fixed(std::uint64_t value, int count) {
    for (int i = 0; i < count; ++i) out_.push_back(static_cast<char>(value >> (8 * i)));
  }
  std::string out_;
};

// Reads what Writer wrote, from bytes that may be anything. The first thing that does not fit sets failed()
// and every later read gives zero or empty, so one check at the end is enough. Views point into the input.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(fixed(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(fixed(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(fixed(4)); }
  std::uint64_t u64() { return fixed(8); }
  std::uint64_t varint();
  std::string_view raw(std::size_t count);
  std::string_view bytes() { return raw(static_cast<std::size_t>(varint())); }
  template <class Tag>
  WideId<Tag> wide_id() {
    WideId<Tag> id;
    auto view = raw(id.bytes.size());
    if (!failed_) view.copy(reinterpret_cast<char*>(id.bytes.data()), id.bytes.size());
    return id;
  }
  // A count of things that take at least `least` bytes each: refuses one that cannot fit what is left.
  std::size_t count(std::size_t least = 1);

  bool failed() const { return failed_; }
  bool done() const { return !failed_ && in_.empty(); }  // read to the end, all well
  std::size_t left() const { return in_.size(); }
  void fail() {
    failed_ = true;
    in_ = {};
  }

 private:
  std::uint64_t fixed(std::size_t count);
  std::string_view in_;
  bool failed_ = false;
};

}  // namespace postrider

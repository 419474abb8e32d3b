// SPDX-License-Identifier: Apache-2.0
#include "base/codec.h"

namespace postrider {

void Writer::varint(std::uint64_t value) {
  while (value >= 0x80) {
    u8(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  u8(static_cast<std::uint8_t>(value));
}

std::uint64_t Reader::fixed(std::size_t count) {
  auto view = raw(count);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < view.size(); ++i)
    value |= std::uint64_t{static_cast<unsigned char>(view[i])} << (8 * i);
  return value;
}

std::uint64_t Reader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    auto byte = u8();
    if (failed_) return 0;
    if (shift == 63 && byte > 1) break;  // would not fit 64 bits
    value |= std::uint64_t{byte & 0x7fu} << shift;
    if (!(byte & 0x80)) return value;
  }
  fail();
  return 0;
}

std::string_view Reader::raw(std::size_t count) {
  if (failed_ || count > in_.size()) {
    fail();
    return {};
  }
  auto view = in_.substr(0, count);
  in_.remove_prefix(count);
  return view;
}

std::size_t Reader::count(std::size_t least) {
  auto value = varint();
  if (failed_ || value > in_.size() / (least ? least : 1)) {
    fail();
    return 0;
  }
  return static_cast<std::size_t>(value);
}

}  // namespace postrider

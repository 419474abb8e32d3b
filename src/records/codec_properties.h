// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/error.h"
#include "testing/seeded_random.h"

// What every reader of stored bytes must do with bytes that are not what was written. Only tests include
// this.
namespace postrider::records {

template <class Decode>
void expect_corrupt(std::string_view bytes, Decode decode) {
  const auto read = decode(bytes);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, Code::corrupt);
  EXPECT_FALSE(read.error().detail.empty());
}

template <class Decode>
void expect_cut_anywhere_is_corrupt(std::string_view whole, Decode decode) {
  ASSERT_TRUE(decode(whole).ok());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    SCOPED_TRACE(size);
    expect_corrupt(whole.substr(0, size), decode);
  }
}

// Bits flipped, bytes overwritten, taken out and put in: an error, or a value that is written and read again
// as the same.
template <class Decode, class Encode>
void expect_damage_is_survived(std::string_view whole, Decode decode, Encode encode) {
  testing::SeededRandom random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(whole);
    for (auto changes = random.between(1, 4); changes > 0 && !bytes.empty(); --changes) {
      const auto at = random.below(bytes.size());
      const auto byte = static_cast<char>(random.below(256));
      switch (random.below(4)) {
        case 0:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
          break;
        case 1:
          bytes[at] = byte;
          break;
        case 2:
          bytes.erase(at, random.between(1, 3));
          break;
        default:
          bytes.insert(at, 1, byte);
      }
    }
    const auto read = decode(bytes);
    if (!read.ok()) {
      ASSERT_EQ(read.error().code, Code::corrupt);
      continue;
    }
    const auto written = encode(*read);
    const auto again = decode(written);
    ASSERT_TRUE(again.ok());
    ASSERT_EQ(encode(*again), written);
  }
}

}  // namespace postrider::records

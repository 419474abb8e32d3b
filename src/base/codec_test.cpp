// SPDX-License-Identifier: Apache-2.0
#include "base/codec.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "testing/seeded_random.h"

namespace postrider {
namespace {

TEST(Writer, IntegersAreLittleEndian) {
  Writer out;
  out.u8(0x01);
  out.u16(0x0203);
  out.u32(0x04050607);
  out.u64(0x08090A0B0C0D0E0F);
  EXPECT_EQ(hex(out.view()),
            "01030207060504"
            "0f0e0d0c0b0a0908");
  EXPECT_EQ(out.size(), 15u);
}

TEST(Varint, TakesOneByteForEverySevenBits) {
  const std::pair<std::uint64_t, const char*> known[] = {{0, "00"},
                                                         {1, "01"},
                                                         {127, "7f"},
                                                         {128, "8001"},
                                                         {300, "ac02"},
                                                         {16383, "ff7f"},
                                                         {16384, "808001"},
                                                         {UINT32_MAX, "ffffffff0f"},
                                                         {UINT64_MAX, "ffffffffffffffffff01"}};
  for (const auto& [value, bytes] : known) {
    Writer out;
    out.varint(value);
    EXPECT_EQ(hex(out.view()), bytes);
    Reader in(out.view());
    EXPECT_EQ(in.varint(), value);
    EXPECT_TRUE(in.done());
  }
}

TEST(Varint, BeyondSixtyFourBitsFails) {
  for (const auto* text : {"ffffffffffffffffff02", "80808080808080808080", "8080808080808080808001"}) {
    const auto bytes = unhex(text).value();
    Reader in(bytes);
    EXPECT_EQ(in.varint(), 0u);
    EXPECT_TRUE(in.failed()) << text;
  }
}

TEST(Reader, ReadsBackWhatWasWritten) {
  WideId<struct AnyTag> id;
  id.bytes = {1, 2, 3};
  Writer out;
  out.u16(65535);
  out.bytes(std::string(200, 'x'));
  out.bytes("");
  out.id(id);
  out.raw("end");
  Reader in(out.view());
  EXPECT_EQ(in.u16(), 65535);
  EXPECT_EQ(in.bytes(), std::string(200, 'x'));
  EXPECT_EQ(in.bytes(), "");
  EXPECT_EQ(in.wide_id<AnyTag>(), id);
  EXPECT_EQ(in.left(), 3u);
  EXPECT_EQ(in.raw(3), "end");
  EXPECT_TRUE(in.done());
}

TEST(Reader, TheFirstFailureLastsAndEverythingAfterItIsEmpty) {
  Reader in(
      std::string_view("\x05"
                       "ab",
                       3));
  EXPECT_EQ(in.bytes(), "");
  EXPECT_TRUE(in.failed());
  EXPECT_EQ(in.left(), 0u);
  EXPECT_EQ(in.u8(), 0);
  EXPECT_EQ(in.u64(), 0u);
  EXPECT_EQ(in.raw(0), "");
  EXPECT_EQ(in.wide_id<struct OtherTag>(), WideId<OtherTag>{});
  EXPECT_FALSE(in.done());
}

TEST(Reader, WhatIsLeftOverIsNotDone) {
  Reader in("ab");
  in.u8();
  EXPECT_FALSE(in.failed());
  EXPECT_FALSE(in.done());
}

TEST(Reader, ALengthNearTheEndOfTheAddressSpaceFails) {
  Writer out;
  out.varint(UINT64_MAX);
  out.raw("abc");
  Reader in(out.view());
  EXPECT_EQ(in.bytes(), "");
  EXPECT_TRUE(in.failed());
}

TEST(Reader, ACountThatCannotFitIsRefusedBeforeAnythingIsReserved) {
  const auto count = [](std::uint64_t claimed, std::size_t behind, std::size_t least) {
    Writer out;
    out.varint(claimed);
    out.raw(std::string(behind, 'x'));
    Reader in(out.view());
    const auto found = in.count(least);
    EXPECT_EQ(in.failed(), found != claimed);
    return found;
  };
  EXPECT_EQ(count(3, 6, 2), 3u);
  EXPECT_EQ(count(4, 7, 2), 0u);
  EXPECT_EQ(count(0, 0, 5), 0u);
  EXPECT_EQ(count(UINT64_MAX, 100, 1), 0u);
  EXPECT_EQ(count(2, 2, 0), 2u);
}

TEST(Reader, AnyBytesAreReadWithoutHarm) {
  testing::SeededRandom random(3);
  for (int round = 0; round < 5000; ++round) {
    std::string bytes(random.below(40), '\0');
    random.fill({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
    Reader in(bytes);
    while (!in.failed() && in.left() > 0) {
      const auto before = in.left();
      switch (random.below(4)) {
        case 0:
          in.varint();
          break;
        case 1:
          in.bytes();
          break;
        case 2:
          in.count(3);
          break;
        default:
          in.u32();
      }
      ASSERT_LT(in.left(), before);
    }
  }
}

}  // namespace
}  // namespace postrider

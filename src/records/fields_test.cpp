// SPDX-License-Identifier: Apache-2.0
#include "records/fields.h"

#include <gtest/gtest.h>

namespace postrider::records {
namespace {

Time there_and_back(Time time) {
  Writer out;
  put_time(out, time);
  Reader in(out.view());
  const auto back = take_time(in);
  EXPECT_TRUE(in.done());
  return back;
}

TEST(RecordFields, TimesOfAnyEraComeBack) {
  for (const auto ms : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::int64_t{1'767'225'600'000},
                        INT64_MAX, INT64_MIN})
    EXPECT_EQ(there_and_back(from_millis(ms)), from_millis(ms)) << ms;
}

TEST(RecordFields, TodaysTimeTakesSixBytes) {
  Writer out;
  put_time(out, from_millis(1'767'225'600'000));
  EXPECT_EQ(out.size(), 6u);
}

TEST(RecordFields, PairsKeepOrderDuplicatesAndBytes) {
  const std::vector<Pair> pairs{{"b", "1"}, {"a", std::string("\0x", 2)}, {"b", ""}};
  Writer out;
  put(out, pairs);
  Reader in(out.view());
  EXPECT_EQ(take_pairs(in), pairs);
  EXPECT_TRUE(in.done());
}

TEST(RecordFields, NumbersBeyondTheirWidthFail) {
  Writer out;
  out.varint(std::uint64_t{1} << 32);
  Reader wide(out.view());
  EXPECT_EQ(take_number<std::uint32_t>(wide), 0u);
  EXPECT_TRUE(wide.failed());
  Writer fits;
  fits.varint(0xFFFF);
  Reader narrow(fits.view());
  EXPECT_EQ(take_number<std::uint16_t>(narrow), 0xFFFF);
  EXPECT_TRUE(narrow.done());
}

}  // namespace
}  // namespace postrider::records

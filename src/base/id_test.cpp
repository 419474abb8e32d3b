// SPDX-License-Identifier: Apache-2.0
#include "base/id.h"

#include <gtest/gtest.h>

#include <unordered_set>

namespace postrider {
namespace {

using A = Id<struct ATag>;
using B = Id<struct BTag>;
using Wide = WideId<struct WideTag>;

static_assert(!std::is_convertible_v<A, B> && !std::is_constructible_v<A, B>);
static_assert(!std::is_convertible_v<A, std::uint64_t>);

TEST(Id, ZeroIsNone) {
  EXPECT_FALSE(A{});
  EXPECT_TRUE(A{1});
  EXPECT_FALSE(Wide{});
  Wide one;
  one.bytes[15] = 1;
  EXPECT_TRUE(one);
}

TEST(Id, OrdersByValue) {
  EXPECT_LT(A{1}, A{2});
  EXPECT_EQ(A{2}, A{2});
  Wide low, high;
  low.bytes[1] = 255;
  high.bytes[0] = 1;
  EXPECT_LT(low, high);
}

TEST(Id, NeighboursHashApart) {
  std::unordered_set<std::size_t> low_bits;
  for (std::uint64_t i = 1; i <= 1000; ++i) low_bits.insert(std::hash<A>{}(A{i}) >> 48);
  EXPECT_GT(low_bits.size(), 900u);
}

}  // namespace
}  // namespace postrider

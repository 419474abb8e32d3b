// SPDX-License-Identifier: Apache-2.0
#include "flow/compose/substitute.h"

#include <gtest/gtest.h>

namespace postrider {
namespace {

TEST(Substitute, ReplacesEveryTagOnceAndNeverInsideAValue) {
  const std::vector<Pair> tags{{"-name-", "Zoë"}, {"%x%", "-name-"}, {"-na", "short"}};
  EXPECT_EQ(substitute("Hi -name-, -name-!", tags), "Hi Zoë, Zoë!");
  EXPECT_EQ(substitute("%x%", tags), "-name-");  // a value is data, not a command
  EXPECT_EQ(substitute("-nam -na", tags), "shortm short");
  EXPECT_EQ(substitute("", tags), "");
  EXPECT_EQ(substitute("no tags here-", tags), "no tags here-");
}

TEST(Substitute, TakesTheLongestOfSeveralThatFit) {
  EXPECT_EQ(substitute("abc", {{"a", "1"}, {"abc", "3"}, {"ab", "2"}}), "3");
}

TEST(Substitute, AnEmptyTagReplacesNothing) {
  EXPECT_EQ(substitute("abc", {{"", "x"}}), "abc");
}

}  // namespace
}  // namespace postrider

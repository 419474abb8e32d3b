// SPDX-License-Identifier: Apache-2.0
#include "app/arguments.h"

#include <gtest/gtest.h>

#include <array>

namespace postrider::app {
namespace {

constexpr std::array options{Option{"--name", "NAME", ""}, Option{"--json", "", ""}};

Result<Arguments> parse(const std::vector<std::string>& words) {
  return Arguments::parse(words, options);
}

TEST(Arguments, OptionsMayStandAnywhere) {
  const auto found = parse({"one", "--name", "x", "two", "--json"}).value();
  EXPECT_EQ(found.plain(), (std::vector<std::string>{"one", "two"}));
  EXPECT_TRUE(found.has("--json"));
  EXPECT_EQ(found.get("--name"), "x");
  EXPECT_EQ(found.get("--other", "fallback"), "fallback");
}

TEST(Arguments, TheLastOneCountsAndAllAreKept) {
  const auto found = parse({"--name=a", "--name", "b", "--name="}).value();
  EXPECT_EQ(found.get("--name"), "");
  EXPECT_EQ(found.all("--name"), (std::vector<std::string>{"a", "b", ""}));
}

TEST(Arguments, WhatFollowsTwoDashesIsNoOption) {
  const auto found = parse({"one", "--json", "--", "--name", "--"}).value();
  EXPECT_EQ(found.plain(), (std::vector<std::string>{"one", "--name", "--"}));
  EXPECT_FALSE(found.has("--name"));
  EXPECT_EQ(parse({"--name", "--"})->get("--name"), "--");
}

TEST(Arguments, AValueMayLookLikeAnOption) {
  EXPECT_EQ(parse({"--name", "--json"})->get("--name"), "--json");
  EXPECT_EQ(parse({"--name=a=b"})->get("--name"), "a=b");
}

TEST(Arguments, WhatIsNotUnderstoodIsRefusedInWords) {
  EXPECT_EQ(parse({"--nam", "x"}).error().detail, "unknown option --nam");
  EXPECT_EQ(parse({"--name"}).error().detail, "--name needs a value: NAME");
  EXPECT_EQ(parse({"--json=yes"}).error().detail, "--json takes no value");
  EXPECT_EQ(parse({"--="}).error().code, Code::invalid);
}

}  // namespace
}  // namespace postrider::app

// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/source_cache.h"

#include <gtest/gtest.h>

namespace postrider {
namespace {

MessageId id(std::uint8_t n) {
  MessageId out;
  out.bytes.fill(n);
  return out;
}

std::shared_ptr<const Source> source(std::uint8_t n, std::size_t bytes) {
  auto out = std::make_shared<Source>();
  out->id = id(n);
  out->bytes = bytes;
  return out;
}

TEST(SourceCache, GivesBackWhatItGotAndNothingElse) {
  SourceCache cache(100);
  const auto one = source(1, 10);
  cache.add(one);
  EXPECT_EQ(cache.find(id(1)), one);
  EXPECT_EQ(cache.find(id(2)), nullptr);
}

TEST(SourceCache, BeyondItsBudgetTheOneUsedLongestAgoGoes) {
  SourceCache cache(100);
  for (std::uint8_t n = 1; n <= 4; ++n) cache.add(source(n, 25));
  EXPECT_TRUE(cache.find(id(1)));  // used again
  cache.add(source(5, 25));
  EXPECT_TRUE(cache.find(id(1)));
  EXPECT_FALSE(cache.find(id(2)));
  EXPECT_TRUE(cache.find(id(3)));
}

TEST(SourceCache, OneThatIsLargerThanTheBudgetStaysUntilTheNext) {
  SourceCache cache(100);
  cache.add(source(1, 10));
  cache.add(source(2, 1000));
  EXPECT_FALSE(cache.find(id(1)));
  EXPECT_TRUE(cache.find(id(2)));
  cache.add(source(3, 10));
  EXPECT_FALSE(cache.find(id(2)));
  EXPECT_TRUE(cache.find(id(3)));
}

TEST(SourceCache, WhatItForgetsLivesOnWithWhoeverUsesIt) {
  SourceCache cache(10);
  cache.add(source(1, 10));
  const auto used = cache.find(id(1));
  cache.add(source(2, 10));
  EXPECT_EQ(used->id, id(1));
}

}  // namespace
}  // namespace postrider

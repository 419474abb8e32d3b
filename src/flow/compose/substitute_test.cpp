// SPDX-License-Identifier: Apache-2.0
#include "flow/compose/substitute.h"

#include <gtest/gtest.h>

#include "testing/seeded_random.h"

namespace postrider {
namespace {

std::string substitute(std::string_view text, const std::vector<Pair>& pairs) {
  auto done = Substitutions(pairs).apply(text);
  return done.ok() ? *std::move(done) : "error: " + done.error().detail;
}

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
  EXPECT_EQ(substitute("abcd", {{"bcd", "1"}, {"ab", "2"}}), "2cd") << "the first place goes before";
  EXPECT_EQ(substitute("aa", {{"a", "first"}, {"a", "second"}}), "firstfirst");
}

TEST(Substitute, AnEmptyTagReplacesNothing) {
  EXPECT_EQ(substitute("abc", {{"", "x"}}), "abc");
}

// Place by place and tag by tag, as slow as it is plain.
std::string plainly(std::string_view text, const std::vector<Pair>& pairs) {
  std::string out;
  while (!text.empty()) {
    const Pair* longest = nullptr;
    for (const auto& pair : pairs)
      if (!pair.first.empty() && text.starts_with(pair.first) &&
          (!longest || pair.first.size() > longest->first.size()))
        longest = &pair;
    out += longest ? longest->second : std::string(1, text.front());
    text.remove_prefix(longest ? longest->first.size() : 1);
  }
  return out;
}

TEST(Substitute, DoesWhatThePlainWayDoes) {
  testing::SeededRandom random(7);
  const auto word = [&](std::size_t most) {
    std::string made(random.word() % (most + 1), ' ');
    for (auto& letter : made) letter = static_cast<char>('a' + random.word() % 2);
    return made;
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<Pair> pairs;
    for (auto count = random.word() % 8; count > 0; --count) pairs.emplace_back(word(6), word(3));
    const auto text = word(round % 30 == 0 ? 40'000 : 60);
    EXPECT_EQ(substitute(text, pairs), plainly(text, pairs));
  }
}

// Each of these would take minutes if every place of the text were compared with every tag, or read again and
// again as far as a long tag reaches.
TEST(Substitute, HostileTagsCostNoMoreThanTheyAreLong) {
  const std::string text(2'000'000, 'a');
  EXPECT_EQ(substitute(text, {{"a", "b"}, {std::string(5000, 'a') + "!", "?"}}),
            std::string(text.size(), 'b'));
  std::vector<Pair> many;
  for (int i = 0; i < 5000; ++i) many.emplace_back("a" + std::to_string(i), "?");
  EXPECT_EQ(substitute(text, many), text);
}

TEST(Substitute, WhatGrowsTooLargeIsRefused) {
  EXPECT_EQ(substitute(std::string(1'000'000, 'a'), {{"a", std::string(9000, 'b')}}),
            "error: too large after substitution");
}

}  // namespace
}  // namespace postrider

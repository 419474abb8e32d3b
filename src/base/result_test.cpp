// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/task.h"

namespace postrider {
namespace {

Result<int> half(int number) {
  if (number % 2) return Error{Code::invalid, std::to_string(number) + " is odd"};
  return number / 2;
}
Result<int> quarter(int number) {
  return PR_TRY(half(PR_TRY(half(number))));
}
Result<void> check(int number) {
  PR_TRY(half(number));
  return {};
}
Task<Result<int>> quarter_later(int number) {
  const auto once = PR_CO_TRY(half(number));
  co_return PR_CO_TRY(half(once));
}

TEST(Result, HoldsAValueOrSaysWhyNot) {
  const auto good = half(4);
  ASSERT_TRUE(good.ok());
  EXPECT_TRUE(good);
  EXPECT_EQ(*good, 2);
  const auto bad = half(3);
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, Code::invalid);
  EXPECT_EQ(bad.error().detail, "3 is odd");
}

TEST(Result, TryGoesOnWithTheValueOrLeavesWithTheError) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().detail, "3 is odd");
  EXPECT_EQ(quarter(5).error().detail, "5 is odd");
  EXPECT_TRUE(check(2).ok());
  EXPECT_EQ(check(1).error().detail, "1 is odd");
}

TEST(Result, TryInACoroutineDoesTheSame) {
  for (const auto& [number, wanted] :
       {std::pair(8, "2"), std::pair(6, "3 is odd"), std::pair(1, "1 is odd")}) {
    std::string found;
    spawn([](int in, std::string& out) -> Task<void> {
      const auto result = co_await quarter_later(in);
      out = result.ok() ? std::to_string(*result) : result.error().detail;
    }(number, found));
    EXPECT_EQ(found, wanted);
  }
}

TEST(Result, CarriesWhatCanOnlyBeMoved) {
  const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  const auto pass = [&]() -> Result<std::unique_ptr<int>> { return PR_TRY(make()); };
  EXPECT_EQ(**pass(), 7);
  auto taken = *pass();
  EXPECT_EQ(*taken, 7);
}

TEST(Result, CarriesOptionalsWithoutMistakingNothingForAnError) {
  const auto nothing = []() -> Result<std::optional<int>> { return std::optional<int>(); }();
  ASSERT_TRUE(nothing.ok());
  EXPECT_FALSE(nothing->has_value());
}

TEST(Code, EveryKindHasANameOfItsOwn) {
  std::set<std::string_view> names;
  const auto last = static_cast<int>(Code::internal);
  for (int code = 0; code <= last; ++code) names.insert(name(static_cast<Code>(code)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(last + 1));
  EXPECT_EQ(name(Code::not_found), "not_found");
}

}  // namespace
}  // namespace postrider

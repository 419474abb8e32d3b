// SPDX-License-Identifier: Apache-2.0
#include "base/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace postrider {
namespace {

Task<int> give(int value) {
  co_return value;
}
Task<int> sum(int count) {
  int total = 0;
  for (int i = 0; i < count; ++i) total += co_await give(1);
  co_return total;
}
Task<int> deep(int levels) {
  if (levels == 0) co_return 0;
  co_return 1 + co_await deep(levels - 1);
}

// What a task gives when it needs nobody to finish.
template <class T>
std::optional<T> run(Task<T> task) {
  std::optional<T> out;
  spawn([](Task<T> inner, std::optional<T>& place) -> Task<void> { place = co_await inner; }(std::move(task),
                                                                                             out));
  return out;
}

TEST(Task, DoesNothingBeforeItIsAwaited) {
  bool ran = false;
  const auto make = [](bool& flag) -> Task<void> {
    flag = true;
    co_return;
  };
  {
    auto never = make(ran);
  }
  EXPECT_FALSE(ran);
  spawn(make(ran));
  EXPECT_TRUE(ran);
}

TEST(Task, GivesItsValueToWhoAwaitsIt) {
  EXPECT_EQ(run(give(7)), 7);
  EXPECT_EQ(run(sum(1000)), 1000);
}

TEST(Task, NestsDeeply) {
  EXPECT_EQ(run(deep(1000)), 1000);
}

TEST(Task, MovesWhatCannotBeCopied) {
  const auto make = []() -> Task<std::unique_ptr<int>> { co_return std::make_unique<int>(3); };
  EXPECT_EQ(**run(make()), 3);
}

TEST(Task, MovedAwayItIsEmptyAndHarmless) {
  auto first = give(1);
  auto second = std::move(first);
  second = give(2);  // the first one's coroutine goes unstarted
  EXPECT_EQ(run(std::move(second)), 2);
}

TEST(OneShot, WakesTheOneWhoWaits) {
  OneShot<std::string> answer;
  std::string heard;
  spawn([](OneShot<std::string>& from, std::string& to) -> Task<void> { to = co_await from; }(answer, heard));
  EXPECT_EQ(heard, "");
  EXPECT_FALSE(answer.is_set());
  answer.set("now");
  EXPECT_EQ(heard, "now");
}

TEST(OneShot, DoesNotMakeAnybodyWaitForWhatIsKnown) {
  OneShot<int> answer;
  answer.set(5);
  int heard = 0;
  spawn([](OneShot<int>& from, int& to) -> Task<void> { to = co_await from; }(answer, heard));
  EXPECT_EQ(heard, 5);
}

TEST(Spawn, SaysWhenItIsDone) {
  OneShot<int> gate;
  std::vector<int> order;
  spawn([](OneShot<int>& from, std::vector<int>& out) -> Task<void> { out.push_back(co_await from); }(gate,
                                                                                                      order),
        [&] { order.push_back(2); });
  EXPECT_TRUE(order.empty());
  gate.set(1);
  EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST(Spawn, FreesTheFrameWithEverythingInIt) {
  const auto token = std::make_shared<int>();
  OneShot<int> gate;
  spawn([](OneShot<int>& from, std::shared_ptr<int>) -> Task<void> { co_await from; }(gate, token));
  EXPECT_EQ(token.use_count(), 2);
  gate.set(1);
  EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
}  // namespace postrider

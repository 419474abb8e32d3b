// SPDX-License-Identifier: Apache-2.0
#include "base/crash_point.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#ifdef POSTRIDER_CRASH_POINTS
namespace postrider::crash {
namespace {

struct Heard {
  Heard() {
    set_hook([](std::string_view point, void* to) { static_cast<Heard*>(to)->points.emplace_back(point); },
             this);
  }
  ~Heard() { set_hook(nullptr, nullptr); }
  std::vector<std::string> points;
};

TEST(CrashPoint, IsToldToThisThreadsHookAndNoOther) {
  Heard here;
  PR_CRASH_POINT("one");
  std::thread([] { PR_CRASH_POINT("elsewhere"); }).join();
  PR_CRASH_POINT("two");
  EXPECT_EQ(here.points, (std::vector<std::string>{"one", "two"}));
}

TEST(CrashPoint, WithoutAHookNothingHappensUnlessItIsNamed) {
  PR_CRASH_POINT("unnamed");
}

TEST(Mutant, OneIsActiveAtATime) {
  const auto before = mutant();
  set_mutant(3);
  EXPECT_TRUE(PR_MUTANT(3));
  EXPECT_FALSE(PR_MUTANT(4));
  set_mutant(before);
}

}  // namespace
}  // namespace postrider::crash
#endif

// SPDX-License-Identifier: Apache-2.0
#include "io/signals.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <csignal>
#include <memory>
#include <mutex>
#include <vector>

#include "io/runtime.h"
#include "io/test_support.h"

namespace postrider::io {
namespace {

using namespace test;

TEST(Signals, arrive_on_the_loop) {
  Runtime runtime(1);
  std::mutex mutex;
  std::condition_variable wake;
  std::vector<Signal> seen;
  Signals signals(runtime.loop(0), [&](Signal signal) {
    EXPECT_TRUE(runtime.loop(0).is_here());
    std::lock_guard lock(mutex);
    seen.push_back(signal);
    wake.notify_one();
  });
  auto raised = [&](int number, std::size_t total) {
    ::raise(number);
    std::unique_lock lock(mutex);
    return wake.wait_for(lock, 5s, [&] { return seen.size() == total; });
  };
  EXPECT_TRUE(raised(SIGHUP, 1));
  EXPECT_TRUE(raised(SIGTERM, 2));
  EXPECT_TRUE(raised(SIGTERM, 3));
  EXPECT_TRUE(raised(SIGINT, 4));
  EXPECT_EQ(seen, (std::vector{Signal::reload, Signal::terminate, Signal::terminate, Signal::terminate}));
  ::raise(SIGPIPE);  // still here
}

// What the handler holds is given back although the loop is stopped at once.
TEST(Signals, a_loop_that_stops_at_once_keeps_nothing) {
  for (int i = 0; i < 200; ++i) {
    const auto held = std::make_shared<int>(i);
    {
      Runtime runtime(1);
      Signals signals(runtime.loop(0), [held](Signal) {});
    }
    ASSERT_EQ(held.use_count(), 1);
  }
}

TEST(Signals, can_be_made_again) {
  Runtime runtime(1);
  for (int i = 0; i < 3; ++i) {
    std::promise<void> seen;
    Signals signals(runtime.loop(0), [&](Signal) { seen.set_value(); });
    ::raise(SIGHUP);
    EXPECT_EQ(seen.get_future().wait_for(5s), std::future_status::ready);
  }
}

}  // namespace
}  // namespace postrider::io

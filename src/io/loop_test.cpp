// SPDX-License-Identifier: Apache-2.0
#include "io/loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <latch>
#include <thread>

#include "io/runtime.h"
#include "io/test_support.h"

namespace postrider::io {
namespace {

using namespace test;

TEST(Loop, runs_what_threads_post_in_the_order_of_each) {
  Runtime runtime(1);
  constexpr int count = 10'000;
  std::array<std::vector<int>, 3> seen;
  std::latch done(3);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < seen.size(); ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < count; ++i) runtime.loop(0).post([&, t, i] { seen[t].push_back(i); });
      runtime.loop(0).post([&] { done.count_down(); });
    });
  for (std::thread& thread : threads) thread.join();
  done.wait();
  for (const auto& numbers : seen) {
    EXPECT_EQ(numbers.size(), std::size_t{count});
    EXPECT_TRUE(std::ranges::is_sorted(numbers));
  }
}

TEST(Loop, posted_work_runs_after_post_has_returned) {
  Runtime runtime(1);
  Loop& loop = runtime.loop(0);
  bool ran_inside = on_loop(loop, [&]() -> Task<bool> {
    bool ran = false;
    loop.post([&ran] { ran = true; });
    bool inside = ran;
    co_await loop.turn();
    EXPECT_TRUE(ran);
    co_return inside;
  });
  EXPECT_FALSE(ran_inside);
}

TEST(Loop, sleeps_at_least_as_long_as_asked) {
  Runtime runtime(1);
  Loop& loop = runtime.loop(0);
  Duration slept = on_loop(loop, [&]() -> Task<Duration> {
    Instant begun = loop.now();
    co_await loop.sleep_until(begun + 20ms);
    co_return loop.now() - begun;
  });
  EXPECT_GE(slept, 20ms);
  EXPECT_LT(slept, 1s);
}

TEST(Loop, sleepers_wake_in_the_order_of_their_times) {
  Runtime runtime(1);
  Loop& loop = runtime.loop(0);
  std::vector<int> order = on_loop(loop, [&]() -> Task<std::vector<int>> {
    std::vector<int> woken;
    Instant begun = loop.now();
    for (int i : {3, 1, 2})
      spawn([](Loop& on, Instant when, int number, std::vector<int>& into) -> Task<void> {
        co_await on.sleep_until(when);
        into.push_back(number);
      }(loop, begun + i * 10ms, i, woken));
    co_await loop.sleep_until(begun + 100ms);
    co_return woken;
  });
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(Loop, knows_its_thread_and_counts_its_time) {
  Runtime runtime(2);
  bool here = false;
  bool elsewhere = true;
  on_loop(runtime.loop(0), [&]() -> Task<void> {
    here = runtime.loop(0).is_here();
    elsewhere = runtime.loop(1).is_here();
    burn_cpu(10ms);
    co_return;
  });
  EXPECT_TRUE(here);
  EXPECT_FALSE(elsewhere);
  EXPECT_FALSE(runtime.loop(0).is_here());
  Duration busy = runtime.loop(0).cpu_time();
  EXPECT_GT(busy, 5ms);
  runtime.stop();
  EXPECT_GE(runtime.loop(0).cpu_time(), busy);  // still readable
}

struct ReadinessTest : testing::Test {
  ReadinessTest() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
  }
  ~ReadinessTest() override { ::close(ends[1]); }

  Woken wait(Readiness::Way way, Duration limit) {
    return on_loop(loop, [&]() -> Task<Woken> {
      Readiness readiness(loop, ends[0]);
      Woken woken = co_await readiness.wait(way, soon(loop, limit));
      EXPECT_EQ(readiness.fd() < 0, woken == Woken::timeout);
      co_return woken;
    });
  }

  Runtime runtime{1};
  Loop& loop = runtime.loop(0);
  std::array<int, 2> ends{};
};

TEST_F(ReadinessTest, sees_what_came_before_the_wait) {
  EXPECT_EQ(::write(ends[1], "x", 1), 1);
  EXPECT_EQ(wait(Readiness::Way::in, 5s), Woken::ready);
}

TEST_F(ReadinessTest, sees_what_comes_during_the_wait) {
  std::thread later([&] {
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(::write(ends[1], "x", 1), 1);
  });
  EXPECT_EQ(wait(Readiness::Way::in, 5s), Woken::ready);
  later.join();
}

TEST_F(ReadinessTest, a_deadline_closes) {
  EXPECT_EQ(wait(Readiness::Way::in, 20ms), Woken::timeout);
}

TEST_F(ReadinessTest, a_deadline_in_the_past_closes) {
  EXPECT_EQ(wait(Readiness::Way::in, -1s), Woken::timeout);
}

TEST_F(ReadinessTest, room_to_write_is_ready_at_once) {
  EXPECT_EQ(wait(Readiness::Way::out, 5s), Woken::ready);
}

TEST_F(ReadinessTest, the_peers_end_makes_ready) {
  ::shutdown(ends[1], SHUT_RDWR);
  EXPECT_EQ(wait(Readiness::Way::in, 5s), Woken::ready);
}

TEST_F(ReadinessTest, closing_wakes_both_ways) {
  auto fill = [&] {
    std::string block(1 << 16, 'x');
    while (::write(ends[0], block.data(), block.size()) > 0) {
    }
  };
  fill();
  on_loop(loop, [&]() -> Task<void> {
    Readiness readiness(loop, ends[0]);
    int closed = 0;
    auto wait_for = [](Readiness& on, Readiness::Way way, int& count) -> Task<void> {
      if (co_await on.wait(way, never) == Woken::closed) ++count;
    };
    spawn(wait_for(readiness, Readiness::Way::in, closed));
    spawn(wait_for(readiness, Readiness::Way::out, closed));
    readiness.close();
    EXPECT_EQ(closed, 0);  // not from within close()
    while (closed < 2) co_await loop.turn();
    EXPECT_EQ(co_await readiness.wait(Readiness::Way::in, never), Woken::closed);
  });
}

}  // namespace
}  // namespace postrider::io

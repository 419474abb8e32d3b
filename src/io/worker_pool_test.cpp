// SPDX-License-Identifier: Apache-2.0
#include "io/worker_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>

#include "io/runtime.h"
#include "io/system_random.h"
#include "io/test_support.h"

namespace postrider::io {
namespace {

using namespace test;

TEST(WorkerPool, runs_everything_before_it_ends) {
  std::atomic<int> ran = 0;
  {
    WorkerPool pool("test", 3, 1000);
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(pool.post([&] { ++ran; }));
  }
  EXPECT_EQ(ran, 1000);
}

TEST(WorkerPool, a_full_queue_refuses) {
  std::latch busy(1), go(1);
  WorkerPool pool("test", 1, 2);
  ASSERT_TRUE(pool.post([&] {
    busy.count_down();
    go.wait();
  }));
  busy.wait();
  EXPECT_TRUE(pool.post([] {}));
  EXPECT_TRUE(pool.post([] {}));
  EXPECT_FALSE(pool.post([] {}));
  EXPECT_EQ(pool.queued(), 2u);
  go.count_down();
}

TEST(WorkerPool, run_on_comes_home) {
  Runtime runtime(1);
  WorkerPool pool("test", 2, 100);
  Loop& loop = runtime.loop(0);
  int answer = on_loop(loop, [&]() -> Task<int> {
    auto here = std::this_thread::get_id();
    auto there = co_await run_on(pool, loop, [] { return std::this_thread::get_id(); });
    EXPECT_NE(here, *there);
    EXPECT_EQ(here, std::this_thread::get_id());
    auto nothing = co_await run_on(pool, loop, [] {});
    EXPECT_TRUE(nothing.ok());
    auto failed = co_await run_on(pool, loop, []() -> Result<int> { return Error{Code::invalid, "no"}; });
    EXPECT_EQ(failed.error().code, Code::invalid);
    co_return *co_await run_on(pool, loop, [value = std::make_unique<int>(42)] { return *value; });
  });
  EXPECT_EQ(answer, 42);
}

TEST(WorkerPool, run_on_says_when_the_queue_is_full) {
  Runtime runtime(1);
  WorkerPool pool("test", 1, 0);
  Code code = on_loop(runtime.loop(0), [&]() -> Task<Code> {
    auto result = co_await run_on(pool, runtime.loop(0), [] { return 1; });
    co_return result.error().code;
  });
  EXPECT_EQ(code, Code::exhausted);
}

TEST(WorkerPool, counts_its_cpu_time) {
  WorkerPool pool("test", 2, 10);
  std::latch done(1);
  ASSERT_TRUE(pool.post([&] {
    burn_cpu(10ms);
    done.count_down();
  }));
  done.wait();
  EXPECT_GT(pool.cpu_time(), 5ms);
}

TEST(SystemRandom, bytes_differ_and_every_one_is_filled) {
  SystemRandom random;
  EXPECT_NE(random.next(), random.next());
  for (std::size_t size : {1u, 63u, 64u, 65u, 256u, 1000u}) {
    std::vector<bool> seen_nonzero(size);
    for (int round = 0; round < 10; ++round) {
      std::vector<std::uint8_t> bytes(size);
      random.fill(bytes);
      for (std::size_t i = 0; i < size; ++i) seen_nonzero[i] = seen_nonzero[i] || bytes[i] != 0;
    }
    EXPECT_EQ(std::ranges::count(seen_nonzero, true), static_cast<std::ptrdiff_t>(size));
  }
}

}  // namespace
}  // namespace postrider::io

// SPDX-License-Identifier: Apache-2.0
#include "testing/fake_resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace postrider::testing {
namespace {

using ::testing::ElementsAre;
using namespace std::chrono_literals;

class FakeResolverTest : public ::testing::Test {
 protected:
  // What the task comes to, in virtual time.
  template <class T>
  T wait(Task<T> task) {
    std::optional<T> value;
    spawn([](Task<T> running, std::optional<T>& out) -> Task<void> { out = co_await running; }(
                                                         std::move(task), value));
    executor_.run([&] { return value.has_value(); });
    return std::move(*value);
  }

  FakeClock clock_;
  SimExecutor executor_{clock_};
  FakeResolver resolver_{executor_};
};

TEST_F(FakeResolverTest, AnswersFromItsZonesAfterAWhile) {
  resolver_.set("a.test", {.mx = {{10, "mx.a.test"}}, .ipv4 = {"8.0.0.1"}, .authenticated = true});
  const auto before = executor_.now();
  const auto mx = wait(resolver_.mx("a.test"));
  EXPECT_EQ(mx.status, dns::Status::ok);
  EXPECT_EQ(mx.records.at(0).host, "mx.a.test");
  EXPECT_TRUE(mx.authenticated);
  EXPECT_EQ(executor_.now() - before, 20ms);
  EXPECT_THAT(wait(resolver_.addresses("a.test", io::Family::ipv4)).records, ElementsAre("8.0.0.1"));
  EXPECT_EQ(wait(resolver_.addresses("a.test", io::Family::ipv6)).status, dns::Status::no_data);
  EXPECT_EQ(resolver_.asked("a.test"), 3u);
}

TEST_F(FakeResolverTest, WhatNobodyWroteDownDoesNotExist) {
  EXPECT_EQ(wait(resolver_.mx("b.test")).status, dns::Status::no_name);
  resolver_.set("b.test", {});
  EXPECT_EQ(wait(resolver_.mx("b.test")).status, dns::Status::no_data);
  resolver_.remove("b.test");
  EXPECT_EQ(wait(resolver_.mx("b.test")).status, dns::Status::no_name);
}

TEST_F(FakeResolverTest, WhoeverIsInAHurryGetsNoAnswer) {
  resolver_.set("d.test", {.ipv4 = {"8.0.0.1"}});
  executor_.after(1ms, [this] { resolver_.hurry(); });
  const auto before = executor_.now();
  EXPECT_EQ(wait(resolver_.mx("d.test")).status, dns::Status::failed);
  EXPECT_EQ(executor_.now() - before, 1ms);
}

TEST_F(FakeResolverTest, FailsAsTold) {
  resolver_.set("c.test", {.ipv4 = {"8.0.0.1"}});
  resolver_.fail("c.test", "SERVFAIL");
  EXPECT_EQ(wait(resolver_.mx("c.test")).why, "SERVFAIL");
  resolver_.fail("c.test", "");
  EXPECT_EQ(wait(resolver_.mx("c.test")).status, dns::Status::no_data);
  resolver_.fail_one_in(1);
  EXPECT_EQ(wait(resolver_.mx("c.test")).status, dns::Status::failed);
}

}  // namespace
}  // namespace postrider::testing

// SPDX-License-Identifier: Apache-2.0
#include "protocol/dns/mail_hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "testing/seeded_random.h"

namespace postrider::dns {
namespace {

using ::testing::ElementsAre;

class MailHostsTest : public ::testing::Test {
 protected:
  MailHosts of(std::vector<Mx> records, std::string_view self = "me.test") {
    return mail_hosts("example.org", {.status = Status::ok, .records = std::move(records)}, self, random_);
  }
  testing::SeededRandom random_{1};
};

TEST_F(MailHostsTest, TheLowestPreferenceComesFirst) {
  const auto hosts = of({{20, "b"}, {10, "a"}, {65535, "c"}, {0, "first"}});
  EXPECT_THAT(std::get<Hosts>(hosts), ElementsAre("first", "a", "b", "c"));
}

TEST_F(MailHostsTest, EqualsAreTriedInEveryOrder) {
  std::set<Hosts> seen;
  for (int i = 0; i < 200; ++i)
    seen.insert(std::get<Hosts>(of({{10, "a"}, {10, "b"}, {10, "c"}, {20, "last"}})));
  EXPECT_EQ(seen.size(), 6u);
  for (const auto& hosts : seen) EXPECT_EQ(hosts.back(), "last");
}

TEST_F(MailHostsTest, AHostNamedTwiceIsTriedOnce) {
  EXPECT_THAT(std::get<Hosts>(of({{10, "a"}, {20, "b"}, {30, "a"}})), ElementsAre("a", "b"));
}

TEST_F(MailHostsTest, WithoutARecordTheDomainItself) {
  const auto hosts = mail_hosts("example.org", {.status = Status::no_data}, "me.test", random_);
  EXPECT_THAT(std::get<Hosts>(hosts), ElementsAre("example.org"));
}

TEST_F(MailHostsTest, TheRootAloneMeansThatThereIsNoMail) {
  EXPECT_EQ(std::get<Nowhere>(of({{0, ""}})), Nowhere::null_mx);
  EXPECT_EQ(std::get<Nowhere>(of({{10, ""}})), Nowhere::null_mx);
  EXPECT_THAT(std::get<Hosts>(of({{0, ""}, {10, "a"}})), ElementsAre("a"));
}

TEST_F(MailHostsTest, WeAndWhoeverIsNoBetterAreLeftOut) {
  EXPECT_THAT(std::get<Hosts>(of({{10, "a"}, {20, "ME.test"}, {20, "b"}, {30, "c"}})), ElementsAre("a"));
  EXPECT_EQ(std::get<Nowhere>(of({{10, "me.test"}, {20, "b"}})), Nowhere::loop);
  EXPECT_EQ(std::get<Nowhere>(mail_hosts("me.test", {.status = Status::no_data}, "me.test", random_)),
            Nowhere::loop);
}

TEST_F(MailHostsTest, WhatIsNotKnownIsAskedAgain) {
  const auto later =
      mail_hosts("example.org", {.status = Status::failed, .why = "SERVFAIL"}, "me.test", random_);
  EXPECT_EQ(std::get<AskLater>(later).why, "SERVFAIL");
  EXPECT_EQ(std::get<Nowhere>(mail_hosts("x.test", {.status = Status::no_name}, "me.test", random_)),
            Nowhere::no_name);
}

}  // namespace
}  // namespace postrider::dns

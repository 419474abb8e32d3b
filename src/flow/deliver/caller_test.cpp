// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/caller.h"

#include "flow/deliver/delivery_fixture.h"

namespace postrider {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::PeerScript;

// Mail by DNS: which machine gets it, and what becomes of it when there is none.
class CallerTest : public DeliveryTest {
 protected:
  CallerTest() { by_dns_ = true; }

  // A host with one address, and a server there unless it is to be dead.
  testing::ScriptedPeer& host(const std::string& name, const std::string& address, PeerScript script = {}) {
    resolver_.set(name, {.ipv4 = {address}});
    return peer(address, script);
  }
  void close_connections() {
    run_for(10s);
    deliverer_->tick(clock_.monotonic());
    run_for(1s);
  }
};

TEST_F(CallerTest, WhoHasNoDescriptorLeftCallsNobodyElseAndBlamesNobody) {
  struct Spent final : io::Transport {
    Task<Result<std::unique_ptr<io::ByteStream>>> connect(io::Endpoint, std::string, Instant) override {
      ++calls;
      co_return Error{Code::exhausted, "socket: Too many open files"};
    }
    int calls = 0;
  } spent;
  resolver_.set("d.test", {.mx = {{10, "first.test"}, {20, "second.test"}}});
  host("first.test", "20.0.0.1");
  host("second.test", "20.0.0.2");
  transport_ = &spent;
  start({});
  send({"a@d.test"});
  ASSERT_TRUE(run_until_reported(1));
  EXPECT_EQ(spent.calls, 1);
  EXPECT_TRUE(reports_[0].stale) << "nothing was tried";
  EXPECT_FALSE(reports_[0].site_failed);
  EXPECT_GT(reports_[0].pause, 0s) << "or it would come back at once, again and again";
  EXPECT_THAT(reports_[0].results[0].text, HasSubstr("Too many open files"));
}

TEST_F(CallerTest, TheBestHostGetsTheMail) {
  resolver_.set("d.test", {.mx = {{20, "second.test"}, {10, "first.test"}}});
  auto& first = host("first.test", "20.0.0.1");
  auto& second = host("second.test", "20.0.0.2");
  start({});
  EXPECT_EQ(send_one("a@d.test").code, 250);
  EXPECT_EQ(first.received().size(), 1u);
  EXPECT_EQ(second.connections(), 0u);
  EXPECT_EQ(reports_[0].ip, "20.0.0.1");
}

TEST_F(CallerTest, WhereNoDialogueCanBeHadTheNextOneIsCalled) {
  PeerScript silent, busy;
  silent.answer = testing::SimHost::Answer::silence;
  busy.busy_one_in = 1;
  resolver_.set("d.test",
                {.mx = {{10, "dead.test"}, {20, "silent.test"}, {30, "busy.test"}, {40, "good.test"}}});
  resolver_.set("dead.test", {.ipv4 = {"20.0.0.1"}});  // nobody listens there
  host("silent.test", "20.0.0.2", silent);
  host("busy.test", "20.0.0.3", busy);
  auto& good = host("good.test", "20.0.0.4");
  start({});
  EXPECT_EQ(send_one("a@d.test").code, 250);
  EXPECT_EQ(good.received().size(), 1u);
  EXPECT_EQ(reports_[0].ip, "20.0.0.4");
}

TEST_F(CallerTest, WhenAllFailTheLastOneSaysWhy) {
  resolver_.set("d.test", {.mx = {{10, "a.test"}, {20, "b.test"}}});
  resolver_.set("a.test", {.ipv4 = {"20.0.0.1"}});
  resolver_.set("b.test", {.ipv4 = {"20.0.0.2"}});
  start({});
  const auto result = send_one("a@d.test");
  EXPECT_EQ(result.fate, Fate::before);
  EXPECT_THAT(result.text, HasSubstr("20.0.0.2:25"));
  EXPECT_TRUE(reports_[0].site_failed);
}

TEST_F(CallerTest, ARefusalIsAnAnswerAndNobodyElseIsAsked) {
  PeerScript refusing;
  refusing.permanent_one_in = 1;
  resolver_.set("d.test", {.mx = {{10, "first.test"}, {20, "second.test"}}});
  host("first.test", "20.0.0.1", refusing);
  auto& second = host("second.test", "20.0.0.2");
  start({});
  EXPECT_EQ(send_one("a@d.test").code, 550);
  EXPECT_EQ(second.connections(), 0u);
}

TEST_F(CallerTest, WithoutAnMxTheDomainItselfIsCalled) {
  auto& self = host("d.test", "20.0.0.1");
  start({});
  EXPECT_EQ(send_one("a@d.test").code, 250);
  EXPECT_EQ(self.received().size(), 1u);
}

TEST_F(CallerTest, IPv4ComesFirstAndIPv6IsTheWayOut) {
  resolver_.set("d.test", {.ipv4 = {"20.0.0.1"}, .ipv6 = {"2600::1"}});
  peer("2600::1");
  start({});
  EXPECT_EQ(send_one("a@d.test").code, 250);
  EXPECT_EQ(reports_[0].ip, "2600::1");
}

TEST_F(CallerTest, ARouteIsNotAskedOfTheDns) {
  auto& mx = peer("127.0.0.1");  // inside, but the operator says so
  resolver_.set("d.test", {.mx = {{10, "elsewhere.test"}}});
  start({route("d.test", "127.0.0.1")});
  EXPECT_EQ(send_one("a@d.test").code, 250);
  EXPECT_EQ(mx.received().size(), 1u);
  EXPECT_EQ(resolver_.asked(), 0u);
}

TEST_F(CallerTest, ADomainThatTakesNoMailIsBelievedAtOnce) {
  resolver_.set("d.test", {.mx = {{0, ""}}});
  start({});
  const auto result = send_one("a@d.test");
  EXPECT_EQ(result.fate, Fate::local);
  EXPECT_EQ(result.code, 550);
  EXPECT_EQ(result.status, "5.1.10");
  EXPECT_FALSE(reports_[0].site_failed);
}

TEST_F(CallerTest, ADomainThatDoesNotExistIsBelievedAtTheSecondLook) {
  start({});
  auto result = send_one("a@typo.test", 1);
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.status, "4.1.2");
  // Somebody else's first attempt meanwhile is no second look at anything, and one right after is none
  // either.
  EXPECT_EQ(send_one("b@typo.test", 1).code, 0);
  EXPECT_EQ(send_one("a@typo.test", 2).code, 0);
  run_for(2min);
  EXPECT_EQ(send_one("c@typo.test", 1).code, 0);
  result = send_one("a@typo.test", 2);
  EXPECT_EQ(result.code, 550);
  EXPECT_EQ(result.status, "5.1.2");
  EXPECT_THAT(result.text, HasSubstr("typo.test does not exist"));
}

TEST_F(CallerTest, ADomainThatComesBackIsNotHeldAgainst) {
  start({});
  send_one("a@d.test", 1);
  auto& mx = host("d.test", "20.0.0.1");
  run_for(2min);
  EXPECT_EQ(send_one("a@d.test", 2).code, 250);
  EXPECT_EQ(mx.received().size(), 1u);
  close_connections();
  resolver_.remove("d.test");
  EXPECT_EQ(send_one("b@d.test", 2).code, 0);
}

TEST_F(CallerTest, WhatNobodyKnowsIsNeverRefused) {
  resolver_.set("d.test", {.mx = {{10, "mx.test"}}});
  resolver_.fail("d.test", "SERVFAIL");
  start({});
  for (std::uint16_t attempt = 1; attempt < 20; ++attempt) {
    const auto result = send_one("a@d.test", attempt);
    EXPECT_EQ(result.code, 0);
    EXPECT_EQ(result.status, "4.4.3");
    EXPECT_EQ(result.text, "DNS for d.test: SERVFAIL");
    EXPECT_TRUE(reports_.back().site_failed);
    run_for(10min);
  }
}

TEST_F(CallerTest, AHostWhoseAddressIsNotKnownIsPassedOver) {
  resolver_.set("d.test", {.mx = {{10, "first.test"}, {20, "second.test"}}});
  resolver_.fail("first.test", "timed out");
  auto& second = host("second.test", "20.0.0.2");
  start({});
  EXPECT_EQ(send_one("a@d.test").code, 250);
  EXPECT_EQ(second.received().size(), 1u);
  close_connections();
  resolver_.fail("second.test", "timed out");
  EXPECT_EQ(send_one("a@d.test", 5).status, "4.4.3");
}

TEST_F(CallerTest, AddressesInsideAreNotCalled) {
  resolver_.set("d.test", {.mx = {{10, "inside.test"}}});
  auto& inside = host("inside.test", "127.0.0.1");
  start({});
  EXPECT_EQ(send_one("a@d.test", 1).status, "4.4.4");
  run_for(2min);
  const auto result = send_one("a@d.test", 2);
  EXPECT_EQ(result.code, 550);
  EXPECT_EQ(result.status, "5.4.4");
  EXPECT_EQ(result.text, "no mail may go to inside.test at 127.0.0.1 (loopback)");
  EXPECT_EQ(inside.connections(), 0u);
  // Beside an ordinary address it is only left out.
  resolver_.set("inside.test", {.ipv4 = {"10.0.0.1", "20.0.0.1"}});
  peer("20.0.0.1");
  EXPECT_EQ(send_one("a@d.test").code, 250);
}

TEST_F(CallerTest, MailDoesNotComeBackToUs) {
  resolver_.set("d.test", {.mx = {{10, "node.test"}, {20, "other.test"}}});
  auto& other = host("other.test", "20.0.0.2");
  start({});
  EXPECT_EQ(send_one("a@d.test", 1).status, "4.4.6");
  run_for(2min);
  EXPECT_EQ(send_one("a@d.test", 2).status, "5.4.6");
  EXPECT_EQ(other.connections(), 0u);
}

TEST_F(CallerTest, TlsIsRememberedByTheHostsName) {
  PeerScript tls;
  tls.offer_tls = true;
  resolver_.set("d.test", {.mx = {{10, "mx.test"}}});
  auto& old = host("mx.test", "20.0.0.1", tls);
  start({});
  EXPECT_EQ(send_one("a@d.test").code, 250);
  EXPECT_TRUE(old.received()[0].tls);
  close_connections();
  // Another machine behind the same name, or one that somebody put there.
  auto& other = host("mx.test", "20.0.0.2");
  EXPECT_THAT(send_one("a@d.test").text, HasSubstr("postrider tls forget mx.test:25"));
  EXPECT_TRUE(other.received().empty());
}

}  // namespace
}  // namespace postrider

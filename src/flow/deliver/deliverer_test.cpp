// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/deliverer.h"

#include "flow/deliver/delivery_fixture.h"

namespace postrider {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::PeerScript;

constexpr auto here = "10.0.0.1";

class DelivererTest : public DeliveryTest {};

TEST_F(DelivererTest, OneConnectionCarriesMessageAfterMessage) {
  auto& mx = peer(here);
  start({route("d.test", here)});
  EXPECT_EQ(send_one("a@d.test").code, 250);
  EXPECT_EQ(send_one("b@d.test").code, 250);
  EXPECT_EQ(mx.connections(), 1u);
  ASSERT_EQ(mx.received().size(), 2u);
  EXPECT_EQ(mx.received()[1].envelope.recipients, std::vector<std::string>{"b@d.test"});
  EXPECT_EQ(mx.received()[1].data, "Subject: 2\r\n\r\nHello\r\n");
}

TEST_F(DelivererTest, AnotherRouteIsTakenFromTheNextMessageOn) {
  auto& before = peer(here);
  auto& after = peer("10.0.0.2");
  start({route("d.test", here), route("e.test", here)});
  EXPECT_EQ(send_one("a@d.test").code, 250);
  EXPECT_EQ(send_one("a@e.test").code, 250);
  deliverer_->reroute(RouteTable({route("d.test", "10.0.0.2"), route("e.test", here)}));
  run_for(1s);
  EXPECT_EQ(before.open(), 1u) << "the connection for e.test";
  EXPECT_EQ(send_one("b@d.test").code, 250);
  EXPECT_EQ(send_one("b@e.test").code, 250);
  EXPECT_EQ(after.received().size(), 1u);
  EXPECT_EQ(before.received().size(), 3u);
  EXPECT_EQ(before.connections(), 2u);
  deliverer_->tick(clock_.monotonic());
  EXPECT_EQ(deliverer_->connections(), 2u);
}

TEST_F(DelivererTest, AnIdleConnectionSaysGoodbyeAfterAWhile) {
  auto& mx = peer(here);
  start({route("d.test", here)}, {.idle_most = 5s});
  send_one("a@d.test");
  run_for(4s);
  deliverer_->tick(clock_.monotonic());
  EXPECT_EQ(mx.open(), 1u);
  run_for(2s);
  deliverer_->tick(clock_.monotonic());
  run_for(1s);
  EXPECT_EQ(mx.open(), 0u);
  EXPECT_EQ(deliverer_->connections(), 0u);
  EXPECT_EQ(send_one("b@d.test").code, 250);
  EXPECT_EQ(mx.connections(), 2u);
}

TEST_F(DelivererTest, EachRecipientOfAnEnvelopeGetsItsOwnAnswer) {
  PeerScript script;
  script.refusals = {{"gone", {550, smtp::EnhancedCode{5, 1, 1}, "no such user"}},
                     {"full", {452, smtp::EnhancedCode{4, 2, 2}, "mailbox full"}}};
  for (const bool pipelining : {true, false}) {
    script.pipelining = pipelining;
    auto& mx = peer(here, script);
    start({route("d.test", here)});
    send({"a@d.test", "gone@d.test", "full@d.test", "b@d.test"});
    ASSERT_TRUE(run_until_reported(1));
    const auto& results = reports_.back().results;
    ASSERT_EQ(results.size(), 4u);
    EXPECT_EQ(results[0].code, 250);
    EXPECT_EQ(results[0].at, At::dot);
    EXPECT_EQ(results[1].code, 550);
    EXPECT_EQ(results[1].at, At::rcpt);
    EXPECT_EQ(results[1].status, "5.1.1");
    EXPECT_EQ(results[1].text, "550 5.1.1 no such user");
    EXPECT_EQ(results[2].code, 452);
    EXPECT_EQ(results[2].status, "4.2.2");
    EXPECT_EQ(results[3].code, 250);
    EXPECT_EQ(results[3].email, "b@d.test");
    ASSERT_EQ(mx.received().size(), 1u);
    EXPECT_EQ(mx.received()[0].envelope.recipients, (std::vector<std::string>{"a@d.test", "b@d.test"}));
    run_for(10s);
    deliverer_->tick(clock_.monotonic());
    run_for(1s);
    reports_.clear();
  }
}

TEST_F(DelivererTest, TenMinutesOfSilenceAfterTheDotHoldUpNobodyElse) {
  PeerScript mute;
  mute.mute_one_in = 1;
  auto& silent = peer(here, mute);
  peer("10.0.0.2");
  start({route("silent.test", here), route("d.test", "10.0.0.2")});
  send({"a@silent.test"});
  ASSERT_TRUE(run_until([&] { return silent.received().size() == 1; }));
  const auto dot = clock_.monotonic();
  // To others, and to the very same site.
  send({"b@d.test"});
  ASSERT_TRUE(run_until_reported(1));
  EXPECT_EQ(reports_[0].results[0].code, 250);
  send({"c@silent.test"});
  ASSERT_TRUE(run_until([&] { return silent.received().size() == 2; }));
  EXPECT_LT(clock_.monotonic() - dot, 5s);

  ASSERT_TRUE(run_until_reported(2));
  EXPECT_GE(clock_.monotonic() - dot, 10min - 1s);
  EXPECT_LT(clock_.monotonic() - dot, 11min);
  const auto& result = reports_[1].results[0];
  EXPECT_EQ(result.fate, Fate::unknown);
  EXPECT_TRUE(result.intent) << "whoever settles it must release the intent";
  ASSERT_TRUE(run_until_reported(3));
}

TEST_F(DelivererTest, AConnectionGoneColdIsNobodysFault) {
  auto& mx = peer(here);
  start({route("d.test", here)});
  send_one("a@d.test");
  mx.break_all();
  send_one("b@d.test");
  ASSERT_EQ(reports_.size(), 2u);
  EXPECT_TRUE(reports_[1].stale);
  EXPECT_FALSE(reports_[1].site_failed);
  EXPECT_EQ(mx.received().size(), 1u);
}

TEST_F(DelivererTest, ASiteThatCannotBeReachedFailsForAllThatIsReady) {
  PeerScript script;
  script.answer = testing::SimHost::Answer::silence;
  peer(here, script);
  start({route("d.test", here)}, {.connections_most = 1});
  send({"a@d.test"});
  send({"b@d.test"});
  ASSERT_TRUE(run_until_reported(2));
  for (const auto& report : reports_) {
    EXPECT_TRUE(report.site_failed);
    EXPECT_EQ(report.results[0].fate, Fate::before);
    EXPECT_EQ(report.results[0].at, At::connect);
    EXPECT_THAT(report.results[0].text, HasSubstr("10.0.0.1:25"));
    EXPECT_EQ(report.tls_policy, TlsPolicy::none);
  }
}

TEST_F(DelivererTest, ASiteThatIsBusyIsBusyForAll) {
  PeerScript script;
  script.busy_one_in = 1;
  peer(here, script);
  start({route("d.test", here)});
  const auto result = send_one("a@d.test");
  EXPECT_TRUE(reports_[0].site_failed);
  EXPECT_EQ(result.code, 421);
  EXPECT_EQ(result.at, At::greeting);
}

TEST_F(DelivererTest, WithoutARouteThereIsNowhereToGo) {
  start({route("d.test", here)});
  const auto result = send_one("a@elsewhere.test");
  EXPECT_EQ(result.fate, Fate::local);
  EXPECT_EQ(result.status, "4.4.4");
  EXPECT_EQ(result.email, "a@elsewhere.test");
}

TEST_F(DelivererTest, KeepsToItsNumberOfConnectionsAndUsesThem) {
  PeerScript slow;
  slow.slow_one_in = 1;
  slow.slow = 10s;
  auto& mx = peer(here, slow);
  start({route("d.test", here)}, {.connections_most = 3});
  for (int i = 0; i < 9; ++i) send({"a@d.test"});
  run_for(9s);
  EXPECT_EQ(mx.open(), 3u);
  ASSERT_TRUE(run_until_reported(9));
  EXPECT_EQ(mx.connections(), 3u);
}

TEST_F(DelivererTest, APeerThatHasHadEnoughIsCalledAgain) {
  PeerScript script;
  script.messages_per_connection = 1;
  auto& mx = peer(here, script);
  start({route("d.test", here)}, {.connections_most = 1});
  EXPECT_EQ(send_one("a@d.test").code, 250);
  EXPECT_EQ(send_one("b@d.test").code, 421) << "and it hangs up";
  EXPECT_EQ(send_one("b@d.test").code, 250);
  EXPECT_EQ(mx.connections(), 2u);
}

TEST_F(DelivererTest, DrainFinishesWhatIsInHandAndTakesNoMore) {
  PeerScript slow;
  slow.slow_one_in = 1;
  slow.slow = 10s;
  auto& mx = peer(here, slow);
  start({route("d.test", here)});
  send({"a@d.test"});
  ASSERT_TRUE(run_until([&] { return mx.received().size() == 1; }));
  deliverer_->drain();
  ASSERT_TRUE(run_until_reported(1));
  EXPECT_EQ(reports_[0].results[0].code, 250);
  run_for(1s);
  EXPECT_EQ(deliverer_->connections(), 0u);
}

TEST_F(DelivererTest, DrainHandsBackAtOnceWhatNobodyHasTried) {
  PeerScript slow;
  slow.slow_one_in = 1;
  slow.slow = 10s;
  auto& mx = peer(here, slow);
  start({route("d.test", here), route("other.test", "10.0.0.2")}, {.connections_most = 1});
  for (const auto* name : {"in-hand@d.test", "next@d.test", "last@d.test"}) send({name});
  ASSERT_TRUE(run_until([&] { return mx.received().size() == 1; }));
  deliverer_->drain();
  send({"late@d.test"});
  send({"nobody-is-connected@other.test"});
  ASSERT_EQ(reports_.size(), 4u);
  for (const auto& report : reports_) EXPECT_TRUE(report.stale);
  ASSERT_TRUE(run_until_reported(5));
  EXPECT_EQ(reports_[4].results[0].code, 250);
  EXPECT_EQ(mx.received().size(), 1u);
}

}  // namespace
}  // namespace postrider

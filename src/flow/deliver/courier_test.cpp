// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/courier.h"

#include "flow/deliver/delivery_fixture.h"

namespace postrider {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::PeerScript;

constexpr auto here = "10.0.0.1";

// The commit window.
class CourierTest : public DeliveryTest {};

TEST_F(CourierTest, TheDotWaitsForTheIntent) {
  auto& mx = peer(here);
  start({route("d.test", here)});
  committing_ = false;
  send({"a@d.test", "b@d.test"});
  run_for(1min);
  EXPECT_TRUE(mx.received().empty());
  committing_ = true;
  ASSERT_TRUE(run_until_reported(1));
  EXPECT_EQ(mx.received().size(), 1u);
  const auto& results = reports_[0].results;
  EXPECT_EQ(results[0].intent.value + 1, results[1].intent.value) << "one for each recipient";
  EXPECT_EQ(journal_.counters().live, 2u);
}

TEST_F(CourierTest, WithoutADurableIntentThereIsNoDot) {
  auto& mx = peer(here);
  start({route("d.test", here)});
  lose_the_stream();
  const auto result = send_one("a@d.test");
  EXPECT_TRUE(mx.received().empty());
  EXPECT_EQ(result.fate, Fate::before);
  EXPECT_THAT(result.text, HasSubstr("the intent could not be recorded"));
  EXPECT_FALSE(result.intent);
}

TEST_F(CourierTest, ALeaseThatRanOutMeanwhileMeansThatThereIsNoDot) {
  PeerScript far;
  far.link.latency =
      6s;  // the intent is durable at once; 354 comes twelve seconds later, the lease holds ten
  auto& mx = peer(here, far);
  start({route("d.test", here)});
  const auto result = send_one("a@d.test");
  EXPECT_TRUE(mx.received().empty());
  EXPECT_EQ(result.fate, Fate::before);
  EXPECT_THAT(result.text, HasSubstr("lease"));
  EXPECT_TRUE(result.intent) << "it was recorded, and must be released";
}

TEST_F(CourierTest, ALargeBodyAsksForTheLeaseAgainBeforeItsEnd) {
  PeerScript slow;
  slow.link.latency = 3s;
  slow.link.window = 64 * 1024;  // a writer waits for the reader: the body takes many round trips
  auto& mx = peer(here, slow);
  start({route("d.test", here)});
  auto large = message({"a@d.test"});
  auto body = std::make_shared<Body>();
  while (body->wire.size() < 3'000'000) body->wire += std::string(70, 'x') + "\r\n";
  large.body = body;
  deliverer_->take(std::move(large));
  ASSERT_TRUE(run_until_reported(1));
  EXPECT_TRUE(mx.received().empty());
  EXPECT_EQ(reports_[0].results[0].fate, Fate::before);
  EXPECT_THAT(reports_[0].results[0].text, HasSubstr("lease"));
}

TEST_F(CourierTest, ALargeBodyArrivesWhole) {
  PeerScript script;
  script.link.cut_seed = 7;
  auto& mx = peer(here, script);
  start({route("d.test", here)});
  auto large = message({"a@d.test"});
  auto body = std::make_shared<Body>();
  while (body->wire.size() < 1'000'000) body->wire += std::to_string(body->wire.size()) + "\r\n";
  large.body = body;
  const auto expected = large.head + body->wire;
  deliverer_->take(std::move(large));
  ASSERT_TRUE(run_until_reported(1));
  ASSERT_EQ(mx.received().size(), 1u);
  EXPECT_EQ(mx.received()[0].data, expected);
}

TEST_F(CourierTest, ALineThatBreaksAtAnyByteLeavesNoDoubt) {
  // Wherever it breaks: what is reported as not sent did not arrive, what may have arrived is called unknown.
  for (std::uint64_t at = 0; at < 260; at += 3) {
    PeerScript script;
    script.link.to_server.drop_at = at;
    const auto address = "10.1." + std::to_string(at / 100) + "." + std::to_string(at % 100);
    auto& mx = peer(address, script);
    start({route("d.test", address)});
    const auto result = send_one("a@d.test");
    const bool arrived = !mx.received().empty();
    EXPECT_TRUE(result.fate != Fate::before || !arrived) << at;
    EXPECT_TRUE(result.fate != Fate::answered || arrived) << at;
    run_for(1min);
    deliverer_->tick(clock_.monotonic());
    run_for(1s);
  }
}

TEST_F(CourierTest, APeerThatDribblesItsAnswersIsLeft) {
  // One octet every two minutes from any of them on: no answer may take longer than it is allowed to, however
  // much of it has come. No answer is due later than ten minutes after what it answers.
  for (std::uint64_t at = 0; at < 160; at += 5) {
    PeerScript script;
    script.link.to_client.trickle_at = at;
    const auto address = "10.2.0." + std::to_string(at);
    peer(address, script);
    start({route("d.test", address)});
    const auto from = clock_.monotonic();
    const auto result = send_one("a@d.test");
    EXPECT_NE(result.fate, Fate::answered) << at;
    EXPECT_LE(clock_.monotonic() - from, 11min) << at << ": " << result.text;
    run_for(1min);
  }
}

TEST_F(CourierTest, EveryAnswerHasItsOwnTime) {
  // Slow throughout, and longer in all than any of them may take.
  PeerScript script;
  script.link.to_client.trickle_at = 0;
  script.link.trickle = 1500ms;
  auto& mx = peer(here, script);
  start({route("d.test", here)});
  const auto from = clock_.monotonic();
  send({"a@d.test"});
  while (reports_.empty() && clock_.monotonic() - from < 1h) {
    run_for(5s);
    static_cast<void>(journal_.maintain(clock_.wall(), {}));  // renews the lease
  }
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_EQ(reports_[0].results[0].code, 250) << reports_[0].results[0].text;
  EXPECT_GT(clock_.monotonic() - from, 5min);
  EXPECT_EQ(mx.received().size(), 1u);
}

TEST_F(CourierTest, APeerThatTakesALargeBodyTooSlowlyIsLeft) {
  PeerScript script;
  script.link.window = 64 * 1024;
  script.link.to_server.trickle_at = 300'000;
  auto& mx = peer(here, script);
  start({route("d.test", here)});
  auto large = message({"a@d.test"});
  auto body = std::make_shared<Body>();
  while (body->wire.size() < 3'000'000) body->wire += std::string(70, 'x') + "\r\n";
  large.body = body;
  const auto from = clock_.monotonic();
  deliverer_->take(std::move(large));
  ASSERT_TRUE(run_until_reported(1));
  EXPECT_TRUE(mx.received().empty());
  EXPECT_EQ(reports_[0].results[0].fate, Fate::before) << "the dot was not sent";
  EXPECT_LE(clock_.monotonic() - from, 4min);
}

TEST_F(CourierTest, NamesWhomItWorksOnOnlyWhileItDoes) {
  peer(here);
  start({route("d.test", here)});
  send_one("a@d.test");
  EXPECT_TRUE(cells_.busy().empty());
}

// TLS.
class CourierTls : public DeliveryTest {
 protected:
  static PeerScript with_tls() {
    PeerScript script;
    script.offer_tls = true;
    script.link.tls = {"TLSv1.3", "TLS_AES_256_GCM_SHA384", false, "self-signed certificate"};
    return script;
  }
  void close_connections() {
    run_for(10s);
    deliverer_->tick(clock_.monotonic());
    run_for(1s);
  }
};

TEST_F(CourierTls, IsUsedWhereItIsOfferedAndItsFactsAreReported) {
  auto& mx = peer(here, with_tls());
  start({route("d.test", here)});
  EXPECT_EQ(send_one("a@d.test").code, 250);
  EXPECT_TRUE(mx.received()[0].tls);
  const auto& report = reports_[0];
  EXPECT_TRUE(report.tls_used);
  EXPECT_EQ(report.tls.version, "TLSv1.3");
  EXPECT_EQ(report.tls.cipher, "TLS_AES_256_GCM_SHA384");
  EXPECT_FALSE(report.tls.certificate_valid);
  EXPECT_EQ(report.tls.certificate_verdict, "self-signed certificate");
  EXPECT_EQ(report.tls_policy, TlsPolicy::opportunistic);
  EXPECT_EQ(report.ip, here);
}

TEST_F(CourierTls, WhoNeverOfferedItIsSpokenToInTheClear) {
  auto& mx = peer(here);
  start({route("d.test", here)});
  EXPECT_EQ(send_one("a@d.test").code, 250);
  EXPECT_FALSE(mx.received()[0].tls);
  EXPECT_FALSE(reports_[0].tls_used);
  EXPECT_EQ(reports_[0].tls_policy, TlsPolicy::opportunistic);
}

TEST_F(CourierTls, WhoHasOfferedItIsNotSpokenToWithout) {
  auto& mx = peer(here, with_tls());
  start({route("d.test", here)});
  send_one("a@d.test");
  close_connections();
  mx.set_script({});  // somebody on the way takes the offer out
  const auto result = send_one("b@d.test");
  EXPECT_EQ(mx.received().size(), 1u);
  EXPECT_EQ(result.fate, Fate::before);
  EXPECT_EQ(result.text,
            "10.0.0.1:25 has offered TLS before and does not now; if it gave TLS up for good: postrider tls "
            "forget 10.0.0.1:25");
  EXPECT_TRUE(reports_[1].site_failed) << "the site's trouble, not the message's";
  EXPECT_EQ(reports_[1].tls_policy, TlsPolicy::remembered);
  EXPECT_EQ(tls_memory_.times_withheld(), 1u);

  mx.set_script(with_tls());
  EXPECT_EQ(send_one("b@d.test").code, 250);
  EXPECT_TRUE(mx.received()[1].tls);
  EXPECT_EQ(reports_[2].tls_policy, TlsPolicy::remembered);
}

TEST_F(CourierTls, IsForgottenWhenAnOperatorSaysSoOrAfterThirtyDays) {
  auto& mx = peer(here, with_tls());
  start({route("d.test", here)});
  send_one("a@d.test");
  close_connections();
  mx.set_script({});
  ASSERT_TRUE(tls_memory_.forget("10.0.0.1:25", {clock_.wall(), "operator:test", "", ""}).value());
  EXPECT_EQ(send_one("b@d.test").code, 250);
  EXPECT_FALSE(mx.received()[1].tls);
  close_connections();

  mx.set_script(with_tls());
  send_one("c@d.test");
  close_connections();
  mx.set_script({});
  clock_.advance(31 * 24h);
  EXPECT_EQ(send_one("d@d.test").code, 250);
}

TEST_F(CourierTls, ARouteThatSaysNoneGoesInTheClearWhateverWasOffered) {
  auto& mx = peer(here, with_tls());
  start({route("d.test", here), route("open.test", here, smtp::Tls::never)});
  send_one("a@d.test");
  EXPECT_EQ(send_one("b@open.test").code, 250);
  EXPECT_FALSE(mx.received()[1].tls);
  EXPECT_EQ(reports_[1].tls_policy, TlsPolicy::cleartext);
}

TEST_F(CourierTls, ARouteThatRequiresItGetsItOrNothing) {
  auto& mx = peer(here);
  start({route("d.test", here, smtp::Tls::required)});
  const auto result = send_one("a@d.test");
  EXPECT_THAT(result.text, HasSubstr("TLS is required and not offered"));
  EXPECT_EQ(reports_[0].tls_policy, TlsPolicy::required);
  EXPECT_TRUE(mx.received().empty());
}

TEST_F(CourierTls, AFailedHandshakeIsNotFollowedByCleartext) {
  auto script = with_tls();
  script.link.tls_succeeds = false;
  auto& mx = peer(here, script);
  start({route("d.test", here)});
  const auto result = send_one("a@d.test");
  EXPECT_TRUE(mx.received().empty());
  EXPECT_EQ(result.fate, Fate::before);
  EXPECT_THAT(result.text, HasSubstr("handshake"));
  // That it was offered is remembered all the same.
  mx.set_script({});
  EXPECT_THAT(send_one("a@d.test").text, HasSubstr("has offered TLS before"));
  EXPECT_TRUE(mx.received().empty());
}

}  // namespace
}  // namespace postrider

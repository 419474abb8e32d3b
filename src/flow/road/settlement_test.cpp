// SPDX-License-Identifier: Apache-2.0
// What became of an attempt, and what the group that says so releases.
#include <gmock/gmock.h>

#include "flow/road/road_fixture.h"

namespace postrider {
namespace {

using ::testing::SizeIs;
using RoadSettles = RoadFixture;

TEST_F(RoadSettles, ADeliveredRecipientIsOneEventAndNothingLive) {
  const auto id = accept({"r0@there.example"});
  auto report = report_of(take(), taken());
  report.ip = "192.0.2.9";
  report.tls_used = true;
  report.tls.version = "TLSv1.3";
  tell(std::move(report));
  ASSERT_THAT(attempts(), SizeIs(1));
  const auto event = attempts()[0];
  EXPECT_EQ(event.kind, EventKind::delivered);
  EXPECT_EQ(event.recipient, (RecipientId{id, 0}));
  EXPECT_EQ(event.tenant, TenantId{tenant});
  EXPECT_EQ(event.email, "r0@there.example");
  EXPECT_EQ(event.attempt, 1);
  EXPECT_EQ(event.at, now());
  EXPECT_EQ(event.response, "250 ok");
  EXPECT_EQ(event.ip, "192.0.2.9");
  EXPECT_EQ(event.tls_version, "TLSv1.3");
  EXPECT_FALSE(event.possible_duplicate);
  EXPECT_EQ(live(), 0u);
  EXPECT_EQ(road->queue().messages(), 0u);
  EXPECT_EQ(road->counts().delivered, 1u);
}

TEST_F(RoadSettles, FactsOfTlsAreNotToldOfACleartextAttempt) {
  accept({"a@b.example"});
  auto report = report_of(take(), taken());
  report.tls.version = "TLSv1.3";
  tell(std::move(report));
  EXPECT_EQ(attempts()[0].tls_version, "");
}

TEST_F(RoadSettles, EachRecipientOfOneTransactionHasItsOwnFate) {
  const auto id = accept({"a@b.example", "c@b.example", "d@b.example"});
  auto report = report_of(take(), taken());
  ASSERT_THAT(report.results, SizeIs(3));
  std::map<std::uint32_t, EventKind> told;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto n = report.assignment.to[i].n;
    const auto email = report.results[i].email;
    if (n == 1) report.results[i] = answer(550, "5.1.1", "550 no such user", At::rcpt);
    if (n == 2) report.results[i] = later();
    report.results[i].email = email;
  }
  tell(std::move(report));
  for (const auto& event : attempts()) told[event.recipient.n] = event.kind;
  EXPECT_EQ(told, (std::map<std::uint32_t, EventKind>{
                      {0, EventKind::delivered}, {1, EventKind::bounce}, {2, EventKind::deferred}}));
  EXPECT_EQ(live(), 2u);  // the message's record and the deferred recipient's
  EXPECT_EQ(road->queue().recipients(), 1u);
  EXPECT_EQ(recipient(id, 2).attempt, 1);
}

TEST_F(RoadSettles, ARefusalSaysWhoIsToBlame) {
  accept({"a@b.example"});
  tell(take(), answer(550, "5.1.1", "550 no such user", At::rcpt));
  accept({"a@b.example"});
  tell(take(), answer(554, "5.7.1", "554 policy"));
  ASSERT_THAT(attempts(), SizeIs(2));
  EXPECT_EQ(attempts()[0].refusal, Refusal::bounce);
  EXPECT_EQ(attempts()[0].status, "5.1.1");
  EXPECT_EQ(attempts()[1].refusal, Refusal::blocked);
  EXPECT_EQ(road->counts().bounced, 1u);
  EXPECT_EQ(road->counts().blocked, 1u);
  EXPECT_EQ(live(), 0u);
}

TEST_F(RoadSettles, WhatCouldNotBePreparedIsToldWithItsAddressAllTheSame) {
  for (const int code : {0, 554}) {
    accept({"a@b.example"});
    auto report = report_of(take(), {});
    report.results[0].fate = Fate::local;
    report.results[0].code = code;
    report.results[0].email.clear();  // nobody got so far as to read it
    tell(std::move(report));
  }
  ASSERT_THAT(attempts(), SizeIs(2));
  EXPECT_EQ(attempts()[0].kind, EventKind::deferred);
  EXPECT_EQ(attempts()[1].kind, EventKind::bounce);
  for (const auto& event : attempts()) EXPECT_EQ(event.email, "a@b.example");
}

TEST_F(RoadSettles, ADeferralMovesTheRecordAndComesBackLater) {
  const auto id = accept({"a@b.example"});
  auto first = take();
  const auto old_place = first.to[0].queued;
  tell(std::move(first), later());
  ASSERT_THAT(attempts(), SizeIs(1));
  EXPECT_EQ(attempts()[0].kind, EventKind::deferred);
  EXPECT_FALSE(is_stored(old_place));
  EXPECT_TRUE(is_stored(recipient(id).queued));
  EXPECT_EQ(live(), 2u);

  advance(std::chrono::seconds(59));
  EXPECT_TRUE(out.empty());
  advance(std::chrono::seconds(8));  // a minute and at most a tenth
  const auto second = take();
  EXPECT_EQ(second.to[0].attempt, 2);
  EXPECT_EQ(second.to[0].queued, recipient(id).queued);
}

TEST_F(RoadSettles, ADeferralSurvivesARestartWithItsAttemptsAndItsDueTime) {
  const auto id = accept({"a@b.example"});
  tell(take(), later());
  const auto due = recipient(id).due_ms;
  restart();
  EXPECT_EQ(recipient(id).attempt, 1);
  EXPECT_EQ(recipient(id).due_ms, due);
  EXPECT_FALSE(recipient(id).in_doubt);
  EXPECT_TRUE(out.empty());
}

TEST_F(RoadSettles, TheIntentGoesWithTheOutcome) {
  for (const auto& outcome : {taken(), later(), silence()}) {
    const auto id = accept({"a@b.example"});
    auto assignment = take();
    auto result = outcome;
    result.intent = write_intent(assignment.to[0], id);
    EXPECT_TRUE(is_stored(result.intent));
    const auto intent = result.intent;
    tell(std::move(assignment), result);
    EXPECT_FALSE(is_stored(intent));
  }
}

TEST_F(RoadSettles, SilenceAfterTheDotMarksWhatFollowsAsAPossibleDuplicate) {
  accept({"a@b.example"});
  tell(take(), silence());
  EXPECT_EQ(attempts()[0].kind, EventKind::deferred);
  EXPECT_EQ(attempts()[0].status, "4.4.2");
  EXPECT_FALSE(attempts()[0].possible_duplicate);  // it was the first attempt
  advance(std::chrono::minutes(2));
  tell(take(), taken());
  EXPECT_TRUE(attempts()[1].possible_duplicate);
  EXPECT_EQ(road->counts().possible_duplicates, 1u);
}

TEST_F(RoadSettles, TheDoubtSurvivesADeferralAndARestart) {
  const auto id = accept({"a@b.example"});
  auto assignment = take();
  auto result = silence();
  result.intent = write_intent(assignment.to[0], id);
  tell(std::move(assignment), result);
  restart();
  EXPECT_TRUE(recipient(id).in_doubt);
  advance(std::chrono::minutes(2));
  tell(take(), later());
  restart();
  EXPECT_TRUE(recipient(id).in_doubt);
  advance(std::chrono::minutes(10));
  tell(take(), taken());
  EXPECT_TRUE(attempts().back().possible_duplicate);
}

TEST_F(RoadSettles, AConnectionGoneColdIsNoAttempt) {
  accept({"a@b.example"});
  auto report = report_of(take(), {});
  report.stale = true;
  tell(std::move(report));
  EXPECT_TRUE(attempts().empty());
  EXPECT_EQ(take().to[0].attempt, 1);
}

TEST_F(RoadSettles, WhoCouldNotBeTriedForWantOfMeansWaitsAndIsNotCounted) {
  accept({"a@b.example"});
  auto report = report_of(take(), {});
  report.stale = true;
  report.pause = std::chrono::seconds(5);
  tell(std::move(report));
  EXPECT_TRUE(attempts().empty());
  EXPECT_TRUE(out.empty()) << "not at once";
  EXPECT_EQ(road->counts().untried, 1u);
  EXPECT_TRUE(log.has("alarm cannot_connect_from_here"));
  advance(std::chrono::seconds(6));  // and a little: due times are kept to a quarter of a second
  EXPECT_EQ(take().to[0].attempt, 1);
}

TEST_F(RoadSettles, ContentThatCannotBeReadIsHeldAndSaid) {
  const auto id = accept({"a@b.example"});
  tell(take(), unread(Reading::damaged));
  EXPECT_EQ(recipient(id).standing, Standing::held);
  EXPECT_EQ(road->counts().held, 1);
  EXPECT_TRUE(log.has("alarm recipient_held"));
  EXPECT_TRUE(log.has("cannot be read"));
  advance(std::chrono::hours(1));
  EXPECT_TRUE(out.empty());
  EXPECT_TRUE(attempts().empty());
}

TEST_F(RoadSettles, ARecordThatIsNotThereIsHeldToo) {
  const auto id = accept({"a@b.example"});
  tell(take(), unread(Reading::missing));
  EXPECT_EQ(recipient(id).standing, Standing::held);
}

TEST_F(RoadSettles, OnlyThoseWhoCannotBeReadAreHeldAndTheOthersGoAgainAtOnce) {
  const auto id = accept({"a@b.example", "rotten@b.example", "c@b.example", "gone@b.example"});
  auto assignment = take();
  const auto& site = *road->scheduler().destinations()[assignment.lane];
  auto report = report_of(std::move(assignment), unread(Reading::whole));
  report.results[1] = unread(Reading::damaged);
  report.results[3] = unread(Reading::missing);
  tell(std::move(report));
  EXPECT_EQ(site.out, 1u) << "given back once, and out again";
  EXPECT_EQ(road->counts().out, 1);
  EXPECT_EQ(recipient(id, 1).reason, Reason::damaged);
  EXPECT_EQ(recipient(id, 3).reason, Reason::damaged);
  EXPECT_EQ(road->counts().held, 2);
  EXPECT_TRUE(log.has("alarm recipient_held"));
  EXPECT_TRUE(log.has("recipients=2"));
  EXPECT_TRUE(attempts().empty());
  auto again = take();
  ASSERT_THAT(again.to, SizeIs(2));
  EXPECT_EQ(again.to[0].attempt, 1) << "nothing was tried";
  tell(std::move(again), taken());
  EXPECT_THAT(attempts(), SizeIs(2));
  EXPECT_EQ(*order(Road::Order::drop), 2u);
  EXPECT_EQ(live(), 0u);
}

TEST_F(RoadSettles, ManyFatesAreSeveralGroups) {
  accept(std::vector<std::string>(100, "a@b.example"));
  accept(std::vector<std::string>(100, "a@b.example"));
  accept(std::vector<std::string>(100, "a@b.example"));
  const auto before = journal->counters().groups;
  ASSERT_THAT(out, SizeIs(3));
  while (!out.empty()) road->reported(report_of(take(), taken()));
  work();
  // Of 256 and 44; and what the messages leave behind, when all of that is durable.
  EXPECT_EQ(journal->counters().groups - before, 3u);
  EXPECT_EQ(live(), 0u);
}

TEST_F(RoadSettles, WhatWasNotTriedSaysNothingAboutTheSite) {
  Report::One refused;
  refused.fate = Fate::local;
  refused.status = "5.6.0";
  refused.text = "cannot be composed";
  accept({"a@b.example"});
  auto assignment = take();
  const auto& site = *road->scheduler().destinations()[assignment.lane];
  const auto window = site.window;
  tell(std::move(assignment), refused);
  EXPECT_EQ(site.window, window);
  refused.status = "4.4.4";
  accept({"a@b.example"});
  tell(take(), refused);
  EXPECT_EQ(site.window, window);
  accept({"a@b.example"});
  tell(take(), taken());
  EXPECT_EQ(site.window, window + 1);
}

TEST_F(RoadSettles, ASiteThatCannotBeReachedIsLeftAlone) {
  accept({"a@b.example"});
  auto failed = report_of(take(), {});
  failed.site_failed = true;
  tell(std::move(failed));
  accept({"other@b.example"});  // the same destination
  EXPECT_TRUE(out.empty());
  advance(std::chrono::seconds(6));
  EXPECT_THAT(out, SizeIs(1));
}

}  // namespace
}  // namespace postrider

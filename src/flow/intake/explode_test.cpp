// SPDX-License-Identifier: Apache-2.0
// How one request becomes records, one per recipient.
#include <gmock/gmock.h>

#include "flow/intake/intake_fixture.h"

namespace postrider {
namespace {

using records::Kind;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using IntakeExplodes = IntakeFixture;

TEST_F(IntakeExplodes, OnePersonalizationTravelsInsideTheMessage) {
  const auto said = take(mail({to({"a@b.example"})}));
  ASSERT_TRUE(said.ok());
  ASSERT_THAT(admitted, SizeIs(1));
  const auto& admission = admitted[0];
  EXPECT_EQ(admission.id, said->message);
  EXPECT_FALSE(said->replayed);
  EXPECT_TRUE(admission.variants.empty());
  const auto record = records::decode_accepted(stored(admission.accepted)).value();
  EXPECT_EQ(record.tenant, TenantId{7});
  EXPECT_EQ(record.at, clock.wall());
  EXPECT_EQ(record.shared.subject, "hello");
  EXPECT_EQ(record.only, to({"a@b.example"}));
  ASSERT_THAT(admission.to, SizeIs(1));
  EXPECT_EQ(records::decode_queued(stored(admission.to[0].queued))->email, "a@b.example");
  EXPECT_EQ(admission.to[0].due_ms, millis(clock.wall()));
}

TEST_F(IntakeExplodes, RecipientsAreCountedOverAllPersonalizations) {
  auto first = to({"a@b.example"});
  first.cc = {{"c@b.example", ""}};
  first.bcc = {{"d@b.example", ""}};
  ASSERT_TRUE(take(mail({first, to({"e@b.example", "f@b.example"})})).ok());
  const auto& admission = admitted.at(0);
  ASSERT_THAT(admission.to, SizeIs(5));
  std::vector<std::string> emails;
  std::vector<std::uint32_t> of;
  for (std::uint32_t n = 0; n < 5; ++n) {
    EXPECT_EQ(admission.to[n].n, n);
    const auto queued = records::decode_queued(stored(admission.to[n].queued)).value();
    emails.push_back(queued.email);
    of.push_back(queued.variant);
  }
  EXPECT_THAT(emails, ElementsAre("a@b.example", "c@b.example", "d@b.example", "e@b.example", "f@b.example"));
  EXPECT_THAT(of, ElementsAre(0, 0, 0, 1, 1));
  ASSERT_THAT(admission.variants, SizeIs(2));
  EXPECT_EQ(admission.variants[1].first, 3u);
  EXPECT_EQ(admission.variants[1].index, 1u);
  EXPECT_EQ(records::decode_variant(stored(admission.variants[1].sequence))->personalization,
            to({"e@b.example", "f@b.example"}));
  EXPECT_FALSE(records::decode_accepted(stored(admission.accepted))->only);
}

TEST_F(IntakeExplodes, LabelsSayWhatARestartMustKnow) {
  ASSERT_TRUE(take(mail({to({"a@b.example"}), to({"c@d.example"})})).ok());
  const auto all = labels();
  ASSERT_THAT(all, SizeIs(5));
  const Kind kinds[] = {Kind::accepted, Kind::variant, Kind::variant, Kind::queued, Kind::queued};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(Kind{all[i].kind}, kinds[i]);
    EXPECT_EQ(all[i].owner, admitted[0].id.bytes);
    EXPECT_EQ(all[i].attempt, 0);
  }
  EXPECT_EQ(all[0].n, 2u);
  EXPECT_EQ(all[0].lane, 7u);  // the tenant
  EXPECT_EQ(all[0].due_ms, millis(clock.wall()));
  EXPECT_EQ(all[2].n, 1u);
  EXPECT_EQ(all[2].due_ms, 0);
  EXPECT_EQ(all[3].lane, lane_of("b.example"));
  EXPECT_EQ(all[4].lane, lane_of("d.example"));
}

TEST_F(IntakeExplodes, WhatIsScheduledIsDueThenAndWhatWasScheduledIsDueNow) {
  auto later = to({"a@b.example"}), past = to({"c@b.example"});
  later.send_at = clock.wall() + std::chrono::hours(5);
  past.send_at = clock.wall() - std::chrono::hours(5);
  ASSERT_TRUE(take(mail({later, past})).ok());
  const auto& both = admitted.at(0);
  EXPECT_EQ(both.since_ms, millis(clock.wall()));
  EXPECT_EQ(both.to[0].due_ms, millis(*later.send_at));
  EXPECT_EQ(both.variants[0].send_at_ms, millis(*later.send_at));
  EXPECT_EQ(both.to[1].due_ms, millis(clock.wall()));
  EXPECT_EQ(both.variants[1].send_at_ms, 0);
  EXPECT_EQ(told().at(0).parts[0].recipients[0].send_at, *later.send_at);
  EXPECT_EQ(told().at(0).parts[1].recipients[0].send_at, Time{});
}

TEST_F(IntakeExplodes, AloneItsAgeCountsFromItsSendTime) {
  auto later = to({"a@b.example"});
  later.send_at = clock.wall() + std::chrono::hours(5);
  ASSERT_TRUE(take(mail({later})).ok());
  EXPECT_EQ(admitted.at(0).since_ms, millis(*later.send_at));
  later.send_at = clock.wall() - std::chrono::hours(5);
  ASSERT_TRUE(take(mail({later})).ok());
  EXPECT_EQ(admitted.at(1).since_ms, millis(clock.wall()));
}

TEST_F(IntakeExplodes, OneEventTellsOfAllRecipientsWithTheirArguments) {
  auto first = to({"a@b.example"}), second = to({"c@b.example"});
  first.custom_args = {{"order", "own"}, {"extra", "1"}};
  first.subject = "own";
  auto submission = mail({first, second});
  submission.shared.custom_args = {{"campaign", "x"}, {"order", "shared"}};
  submission.shared.categories = {"weekly"};
  ASSERT_TRUE(take(submission).ok());
  ASSERT_THAT(told(), SizeIs(1));
  const auto event = told()[0];
  EXPECT_EQ(event.message, admitted[0].id);
  EXPECT_EQ(event.key, submission.key);
  EXPECT_EQ(event.from, "me@example.com");
  EXPECT_EQ(event.subject, "hello");
  EXPECT_THAT(event.categories, ElementsAre("weekly"));
  ASSERT_THAT(event.parts, SizeIs(2));
  EXPECT_EQ(event.parts[0].subject, "own");
  EXPECT_THAT(custom_args_of(event, event.parts[0]),
              ElementsAre(Pair("campaign", "x"), Pair("order", "own"), Pair("extra", "1")));
  EXPECT_EQ(custom_args_of(event, event.parts[1]), submission.shared.custom_args);
  EXPECT_EQ(event.parts[1].recipients[0].n, 1u);
}

TEST_F(IntakeExplodes, WhatPersonalizationsShareIsWrittenOnce) {
  std::vector<Personalization> all;
  for (int i = 0; i < 106; ++i) all.push_back(to({"r" + std::to_string(i) + "@b.example"}));
  auto submission = mail(std::move(all));
  submission.shared.custom_args = {{"all", std::string(9'997, 'a')}};
  ASSERT_TRUE(take(submission).ok());
  ASSERT_THAT(told(), SizeIs(1));
  EXPECT_LT(records::encode(told()[0]).size(), 20'000u);
}

// The limits of POST /v3/mail/send, all of them at once.
TEST_F(IntakeExplodes, ALargeRequestIsToldInPieces) {
  const std::string longest_domain = std::string(63, 'd') + "." + std::string(63, 'e') + ".example";
  std::vector<Personalization> all;
  for (int i = 0; i < 999; ++i) {
    all.push_back(to({std::to_string(i) + "@" + longest_domain}));
    all.back().subject = std::string(2000, 's');
    all.back().custom_args = {{"own", std::string(9'997, 'o')}};
  }
  std::vector<std::string> many;
  for (int i = 0; i < 1000; ++i)
    many.push_back(std::to_string(i) + std::string(60, 'm') + "@" + longest_domain);
  all.push_back(to(many));
  auto submission = mail(all);
  submission.shared.subject = std::string(2000, 's');
  submission.shared.categories = std::vector<std::string>(10, std::string(255, 'c'));
  ASSERT_TRUE(take(submission).ok());

  const auto events = told();
  EXPECT_GT(events.size(), 100u);
  std::uint32_t n = 0;
  for (const auto& event : events) {
    EXPECT_EQ(event.message, admitted[0].id);
    EXPECT_EQ(event.subject, submission.shared.subject);
    EXPECT_LE(records::encode(event).size(), journal::Journal::event_limit);
    for (const auto& part : event.parts)
      for (const auto& recipient : part.recipients) EXPECT_EQ(recipient.n, n++);
  }
  EXPECT_EQ(n, 1999u);
}

TEST_F(IntakeExplodes, OneDomainIsOneDestinationHoweverItIsWritten) {
  ASSERT_TRUE(take(mail({to({"a@B.Example", "b@b.example",
                             "c@b\xC3\xBC"
                             "cher.example",
                             "d@xn--bcher-kva.example"})}))
                  .ok());
  const auto& all = admitted.at(0).to;
  EXPECT_EQ(all[0].lane, all[1].lane);
  EXPECT_EQ(all[2].lane, all[3].lane);
  EXPECT_NE(all[0].lane, all[2].lane);
}

TEST(LaneOf, IsTheSameForEver) {  // it is stored
  EXPECT_EQ(lane_of(""), 0xCBF29CE484222325u);
  EXPECT_EQ(lane_of("a"), 0xAF63DC4C8601EC8Cu);
}

}  // namespace
}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
// What a client is told, and when.
#include <gmock/gmock.h>

#include "flow/intake/intake_fixture.h"

namespace postrider {
namespace {

using ::testing::SizeIs;
using IntakeAnswers = IntakeFixture;

TEST_F(IntakeAnswers, AfterTheGroupIsDurableAndNotBefore) {
  submit(mail({to({"a@b.example"})}));
  EXPECT_TRUE(answers.empty());
  EXPECT_TRUE(admitted.empty());
  commit();
  EXPECT_THAT(answers, SizeIs(1));
  EXPECT_THAT(admitted, SizeIs(1));
}

TEST_F(IntakeAnswers, OnlyForOwnDomainsAndTheNamesBelowThem) {
  const std::pair<const char*, bool> senders[] = {
      {"me@example.com", true},     {"me@EXAMPLE.COM", true}, {"me@sub.example.com", true},
      {"me@notexample.com", false}, {"me@com", false},        {"me@example.com.evil.test", false}};
  for (const auto& [from, may] : senders) {
    auto submission = mail({to({"a@b.example"})});
    submission.shared.from.email = from;
    const auto said = take(submission);
    EXPECT_EQ(said.ok(), may) << from;
    if (!may) EXPECT_EQ(said.error().code, Code::forbidden) << from;
  }
  EXPECT_EQ(journal.counters().live, 6u);
}

TEST_F(IntakeAnswers, AClosedAccountIsToldApartFromAForeignDomain) {
  policies.known.may_submit = false;
  EXPECT_EQ(take(mail({to({"a@b.example"})})).error().code, Code::closed);
  EXPECT_EQ(journal.counters().live, 0u);
}

TEST_F(IntakeAnswers, NothingIsTakenOnOldPolicies) {
  policies.stale = true;
  EXPECT_EQ(take(mail({to({"a@b.example"})})).error().code, Code::unavailable);
  EXPECT_EQ(journal.counters().live, 0u);
  policies.stale = false;
  EXPECT_TRUE(take(mail({to({"a@b.example"})})).ok());
}

TEST_F(IntakeAnswers, AnAccountNobodyKnowsIsClosed) {
  auto submission = mail({to({"a@b.example"})});
  submission.tenant = TenantId{99};
  EXPECT_EQ(take(submission).error().code, Code::closed);
}

TEST_F(IntakeAnswers, ASuspendedAccountsMailIsTakenAndWaits) {
  policies.known.may_deliver = false;
  EXPECT_TRUE(take(mail({to({"a@b.example"})})).ok());
}

TEST_F(IntakeAnswers, AnAddressThatIsNoneIsInvalidAndNothingIsKept) {
  EXPECT_EQ(take(mail({to({"a@b.example", "not an address"})})).error().code, Code::invalid);
  auto submission = mail({to({"a@b.example"})});
  submission.shared.from.email = "nobody";
  EXPECT_EQ(take(submission).error().code, Code::invalid);
  EXPECT_EQ(journal.counters().live, 0u);
}

TEST_F(IntakeAnswers, AJournalOutOfReachIsTriedLater) {
  database.set_reachable("a", false);
  EXPECT_EQ(take(mail({to({"a@b.example"})})).error().code, Code::unavailable);
  EXPECT_TRUE(admitted.empty());
  database.set_reachable("a", true);
  EXPECT_TRUE(take(mail({to({"a@b.example"})})).ok());
  EXPECT_THAT(admitted, SizeIs(1));
}

TEST_F(IntakeAnswers, ABrokenCommitIsAnsweredOnceItsFateIsKnown) {
  for (const bool stored : {true, false}) {
    admitted.clear();
    database.break_next_commit(stored, 3);
    answers.clear();
    submit(mail({to({"a@b.example"})}));
    EXPECT_EQ(committer.commit_once(), journal::Committer::Step::worked);
    EXPECT_TRUE(answers.empty());
    for (int i = 0; i < 6; ++i) committer.commit_once();
    ASSERT_THAT(answers, SizeIs(1)) << stored;
    EXPECT_TRUE(answers[0].ok());
    ASSERT_THAT(admitted, SizeIs(1));
    EXPECT_NE(this->stored(admitted[0].accepted), "");
  }
  EXPECT_EQ(journal.counters().live, 4u);  // two requests, each once
  EXPECT_THAT(told(), SizeIs(2));
}

TEST_F(IntakeAnswers, AFullSpoolSaysSo) {
  auto submission = mail({to({"a@b.example"})});
  submission.shared.content[0].value = std::string(10 << 20, 'x');
  Result<Accepted> said = Accepted{};
  for (int i = 0; i < 12 && said.ok(); ++i) said = take(submission);
  ASSERT_FALSE(said.ok());
  EXPECT_EQ(said.error().code, Code::exhausted);
}

TEST_F(IntakeAnswers, ARefusedRequestGivesItsLargeBodiesBack) {
  auto submission = mail({to({"a@b.example"}), to({"not an address"})});
  submission.shared.content[0].value = std::string(1 << 20, 'x');
  submission.personalizations[0].substitutions = {{"%x%", std::string(1 << 20, 'y')}};
  const auto before = journal.space().used;
  EXPECT_EQ(take(submission).error().code, Code::invalid);
  EXPECT_EQ(journal.space().used, before);

  // The first body finds room, the second does not.
  submission.personalizations[1] = to({"c@b.example"});
  auto filler = mail({to({"a@b.example"})});
  const auto limit = journal.space().limit / 10 * 9;
  filler.shared.content[0].value = std::string(limit - before - (2 << 20), 'z');
  ASSERT_TRUE(take(filler).ok());
  const auto full = journal.space().used;
  ASSERT_LT(full + (1 << 20), limit);
  EXPECT_EQ(take(submission).error().code, Code::exhausted);
  EXPECT_EQ(journal.space().used, full);

  // It finds room, and something else takes the rest before the commit.
  submission.personalizations = {to({"a@b.example"})};
  answers.clear();
  submit(submission);
  EXPECT_GT(journal.space().used, full + (1 << 20));
  journal::Group other;
  other.entries = {{{}, std::string(1 << 20, 'o'), {}}};
  ASSERT_TRUE(journal.commit(100, {&other, 1}).ok());
  commit();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0].error().code, Code::exhausted);
  EXPECT_EQ(journal.space().used, full + (1 << 20));
}

TEST_F(IntakeAnswers, LargeContentIsStoredBesideTheBatch) {
  auto submission = mail({to({"a@b.example"}), to({"c@b.example"})});
  submission.shared.content[0].value = std::string(journal::Journal::inline_limit, 'x');
  submission.personalizations[1].substitutions = {{"%x%", std::string(journal::Journal::inline_limit, 'y')}};
  const auto before = journal.counters().bytes_written;
  ASSERT_TRUE(take(submission).ok());
  EXPECT_LT(journal.counters().bytes_written - before, 10'000u);
  const auto& admission = admitted.at(0);
  EXPECT_EQ(records::decode_accepted(stored(admission.accepted))->shared, submission.shared);
  EXPECT_EQ(records::decode_variant(stored(admission.variants[1].sequence))->personalization,
            submission.personalizations[1]);
}

}  // namespace
}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flow/intake/intake.h"
#include "records/accepted.h"
#include "records/event.h"
#include "records/kind.h"
#include "testing/fake_clock.h"
#include "testing/memory_log.h"
#include "testing/reference_journal.h"
#include "testing/seeded_random.h"

// Intake over a journal in memory. Only tests include this.
namespace postrider {

class IntakeFixture : public ::testing::Test {
 protected:
  IntakeFixture() {
    recovered_ = journal.recover([](journal::Sequence, const journal::Label&) {}).ok();
    policies.known.id = TenantId{7};
    policies.known.domains = {{"example.com", {}}};
  }

  static Personalization to(const std::vector<std::string>& emails) {
    Personalization one;
    for (const auto& email : emails) one.to.push_back({email, ""});
    return one;
  }
  static Submission mail(std::vector<Personalization> personalizations) {
    Submission submission;
    submission.tenant = TenantId{7};
    submission.key.bytes[0] = 9;
    submission.shared.from = {"me@example.com", "Me"};
    submission.shared.subject = "hello";
    submission.shared.content = {{"text/plain", "hello"}};
    submission.personalizations = std::move(personalizations);
    return submission;
  }
  static Submission under_key(Submission submission, std::string key, std::uint8_t digest = 1) {
    submission.idempotency = {std::move(key), {digest}};
    return submission;
  }

  // What a client hears, in the order in which it is said.
  using Answers = std::vector<Result<Accepted>>;
  void submit(const Submission& submission) {
    intake.take(submission, clock.wall(),
                [this](Result<Accepted> said) { answers.push_back(std::move(said)); });
  }
  void commit() {
    while (committer.commit_once() == journal::Committer::Step::worked) {
    }
  }
  Result<Accepted> take(const Submission& submission) {
    answers.clear();
    submit(submission);
    commit();
    EXPECT_EQ(answers.size(), 1u);
    return answers.empty() ? Result<Accepted>(Error{Code::internal, "no answer"}) : answers.front();
  }

  std::string stored(journal::Sequence place) const {
    const auto bytes = journal.read({&place, 1});
    return bytes.ok() ? bytes->front() : "";
  }
  // What a restart would find: every live record's label, in order. Takes the stream over: last in a test.
  std::vector<journal::Label> labels() {
    std::vector<journal::Label> all;
    EXPECT_TRUE(
        journal.recover([&](journal::Sequence, const journal::Label& label) { all.push_back(label); }).ok());
    return all;
  }
  std::vector<Processed> told() const {
    std::vector<Processed> all;
    const auto page = journal.read_events({}, 1000);
    for (const auto& event : page->events)
      all.push_back(std::get<Processed>(*records::decode_event(event.bytes)));
    return all;
  }

  struct OnePolicy final : Policies {
    std::shared_ptr<const TenantPolicy> tenant(TenantId id) const override {
      if (id != known.id && id != TenantId{8}) return nullptr;
      return std::make_shared<const TenantPolicy>(known);
    }
    bool current() const override { return !stale; }
    TenantPolicy known;
    bool stale = false;
  };

  testing::FakeClock clock;
  testing::SeededRandom random{1};
  testing::MemoryLog log;
  testing::ReferenceDatabase database{1};
  testing::ReferenceJournal journal{database, clock, {.limit = 100 << 20}};
  journal::Committer committer{journal, {}, log};
  OnePolicy policies;
  std::vector<Admission> admitted;
  Intake intake{journal, committer, policies, random,
                [this](Admission one) { admitted.push_back(std::move(one)); }};
  Answers answers;

 private:
  bool recovered_ = false;
};

}  // namespace postrider

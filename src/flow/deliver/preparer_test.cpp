// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/preparer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "records/accepted.h"
#include "records/kind.h"
#include "testing/fake_clock.h"
#include "testing/reference_database.h"
#include "testing/reference_journal.h"

namespace postrider {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Signs when the test says so, and not at all when told.
class LaterSigner final : public Signer {
 public:
  void sign(std::vector<Request> requests, Done done) override {
    asked = std::move(requests);
    done_ = std::move(done);
  }
  void answer(Result<std::string> signature) {
    done_(std::vector<Result<std::string>>(asked.size(), std::move(signature)));
  }
  std::vector<Request> asked;

 private:
  Done done_;
};

class ImmediateSigner final : public Signer {
 public:
  void sign(std::vector<Request> requests, Done done) override {
    done(std::vector<Result<std::string>>(requests.size(), std::string("signature")));
  }
};

struct OnePolicy final : Policies {
  std::shared_ptr<const TenantPolicy> tenant(TenantId id) const override {
    return id.value == 1 ? policy : nullptr;
  }
  std::shared_ptr<TenantPolicy> policy = std::make_shared<TenantPolicy>();
};

class PreparerTest : public ::testing::Test {
 protected:
  PreparerTest() {
    EXPECT_TRUE(journal_.recover([](journal::Sequence, const journal::Label&) {}).ok());
    auto key = dkim::Signer::create("sender.test", "s1", KeyType::ed25519);
    policies_.policy->domains.push_back({"sender.test", {{std::move(*key), SigningKeyId{7}}}});
  }

  static Personalization to(std::vector<std::string> emails) {
    Personalization out;
    for (auto& email : emails) out.to.push_back({std::move(email), ""});
    return out;
  }
  // Stores a request of these personalizations and hands out the assignment of the last one's recipients.
  Assignment stored(std::vector<Personalization> personalizations) {
    records::Accepted accepted;
    accepted.tenant = TenantId{1};
    accepted.at = clock_.wall();
    accepted.shared.from = {"hello@sender.test", "Hello"};
    accepted.shared.subject = "Dear -name-";
    accepted.shared.content = {{"text/plain", "Hi\n.dot\n"}};
    accepted.shared.headers = {{".dotted", "value"}};
    Assignment out;
    out.message.bytes.fill(++made_);
    out.tenant = TenantId{1};
    const bool alone = personalizations.size() == 1;
    if (alone) accepted.only = personalizations.front();
    out.accepted = store(records::encode(accepted));
    for (std::uint32_t index = 0; index < personalizations.size(); ++index) {
      const auto& one = personalizations[index];
      out.index = index;
      if (!alone) out.variant = store(records::encode(records::Variant{one}));
      out.first += static_cast<std::uint32_t>(out.to.size());
      out.to.clear();
      for (const auto& contact : one.to)
        out.to.push_back({nullptr, out.first + static_cast<std::uint32_t>(out.to.size()),
                          store(records::encode(records::Queued{contact.email, index})), 1});
    }
    return out;
  }
  journal::Sequence store(std::string bytes) {
    journal::Group group;
    group.entries.push_back({.label = {.kind = static_cast<std::uint8_t>(records::Kind::queued)},
                             .bytes = std::move(bytes),
                             .blob = {}});
    return journal_.commit(++batches_, {&group, 1}).value().front().first;
  }
  void release(journal::Sequence place) {
    journal::Group group;
    group.releases.push_back(place);
    ASSERT_TRUE(journal_.commit(++batches_, {&group, 1}).ok());
  }
  void prepare(Assignment assignment) { preparer_.prepare({std::move(assignment)}, clock_.wall()); }
  std::vector<Reading> contents() const {  // of everybody reported on
    std::vector<Reading> out;
    for (const auto& report : reports_)
      for (const auto& result : report.results) out.push_back(result.content);
    return out;
  }
  void take(std::vector<Prepared> some) { std::ranges::move(some, std::back_inserter(ready_)); }

  testing::FakeClock clock_;
  testing::ReferenceDatabase database_{1};
  testing::ReferenceJournal journal_{database_, clock_, {}};
  OnePolicy policies_;
  LaterSigner signer_;
  ImmediateSigner immediate_;
  std::array<io::WorkCells::Cell, 1> cell_{};
  io::WorkCells cells_{cell_};
  std::vector<Prepared> ready_;
  std::vector<Report> reports_;
  Preparer preparer_{journal_,
                     policies_,
                     signer_,
                     cells_,
                     {},
                     [this](std::vector<Prepared> some) { take(std::move(some)); },
                     [this](Report one) { reports_.push_back(std::move(one)); }};
  std::uint64_t batches_ = 0;
  std::uint8_t made_ = 0;
};

TEST_F(PreparerTest, ComposesAndSignsWithTheTenantsKey) {
  prepare(stored({to({"a@d.test", "b@d.test"})}));
  ASSERT_EQ(signer_.asked.size(), 1u);
  EXPECT_EQ(signer_.asked[0].key, SigningKeyId{7});
  signer_.answer(std::string("signature"));
  ASSERT_EQ(ready_.size(), 1u);
  const auto& prepared = ready_[0];
  EXPECT_THAT(prepared.emails, ElementsAre("a@d.test", "b@d.test"));
  EXPECT_EQ(prepared.domain, "d.test");
  EXPECT_EQ(prepared.sender, "hello@sender.test");
  EXPECT_THAT(prepared.head, StartsWith("DKIM-Signature: "));
  EXPECT_THAT(prepared.head, HasSubstr("d=sender.test; s=s1"));
  EXPECT_THAT(prepared.head, HasSubstr("\r\n..dotted: value\r\n")) << "a header line may begin with a dot";
  EXPECT_TRUE(prepared.head.ends_with("\r\n\r\n"));
  EXPECT_THAT(prepared.body->wire, HasSubstr("\r\n..dot\r\n"));
  EXPECT_TRUE(reports_.empty());
}

TEST_F(PreparerTest, APersonalizationOfSeveralIsReadFromItsOwnRecord) {
  auto second = to({"b@d.test"});
  second.substitutions = {{"-name-", "Bea"}};
  prepare(stored({to({"a@d.test"}), second}));
  signer_.answer(std::string("signature"));
  ASSERT_EQ(ready_.size(), 1u);
  EXPECT_THAT(ready_[0].head, HasSubstr("Subject: Dear Bea\r\n"));
  EXPECT_THAT(ready_[0].head, HasSubstr(".postrider.1@"))
      << "its Message-ID derives from its first recipient";
}

TEST_F(PreparerTest, SaysWhomItWorksOnWhileItDoes) {
  prepare(stored({to({"a@d.test", "b@d.test", "c@d.test"})}));
  EXPECT_TRUE(cells_.busy().empty()) << "the signer has it";
  std::vector<io::Work> seen;
  Preparer looking(journal_, policies_, signer_, cells_, {}, {},
                   [&](const Report&) { seen = cells_.busy(); });
  auto assignment = stored({to({"a@d.test", "b@d.test", "c@d.test"})});
  const auto id = assignment.message;
  looking.prepare({std::move(assignment)}, clock_.wall());
  signer_.answer(Error{Code::exhausted, "while it is finished"});
  EXPECT_THAT(seen, ElementsAre(io::Work{id.bytes, 0, 2}));
  EXPECT_TRUE(cells_.busy().empty());
}

TEST_F(PreparerTest, ADomainThatIsTheTenantsNoMoreIsRefusedForGood) {
  policies_.policy->domains.clear();
  prepare(stored({to({"a@d.test"})}));
  ASSERT_EQ(reports_.size(), 1u);
  const auto& result = reports_[0].results[0];
  EXPECT_EQ(result.fate, Fate::local);
  EXPECT_EQ(result.code, 550);
  EXPECT_EQ(result.status, "5.7.1");
  EXPECT_THAT(result.text, HasSubstr("sender.test"));
}

TEST_F(PreparerTest, ADomainWhoseKeysCannotBeReadKeepsItsMailWaiting) {
  policies_.policy->domains = {{.name = "sender.test", .keys_unreadable = true}};
  prepare(stored({to({"a@d.test"})}));
  EXPECT_TRUE(ready_.empty()) << "it would go out unsigned";
  ASSERT_EQ(reports_.size(), 1u);
  const auto& result = reports_[0].results[0];
  EXPECT_EQ(result.fate, Fate::local);
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.text, "the DKIM keys of sender.test cannot be read");
}

TEST_F(PreparerTest, AFailedSignatureIsTriedAgainLater) {
  prepare(stored({to({"a@d.test"})}));
  signer_.answer(Error{Code::exhausted, "the signing queue is full"});
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_EQ(reports_[0].results[0].fate, Fate::local);
  EXPECT_EQ(reports_[0].results[0].code, 0);
  EXPECT_THAT(reports_[0].results[0].text, HasSubstr("the signing queue is full"));
  EXPECT_TRUE(ready_.empty());
}

TEST_F(PreparerTest, WithoutSignaturesWhenMeasuring) {
  Preparer bare(journal_, policies_, signer_, cells_, {.sign = false},
                [this](std::vector<Prepared> some) { take(std::move(some)); }, {});
  bare.prepare({stored({to({"a@d.test"})})}, clock_.wall());
  EXPECT_TRUE(signer_.asked.empty());
  EXPECT_THAT(ready_.at(0).head, Not(HasSubstr("DKIM-Signature")));
}

TEST_F(PreparerTest, ADispatchIsSharedOutAmongTheSigners) {
  const auto sizes = [&](std::size_t signers, std::size_t messages) {
    std::vector<std::size_t> handed;
    Preparer many(journal_, policies_, immediate_, cells_, {.signers = signers},
                  [&](const std::vector<Prepared>& some) { handed.push_back(some.size()); }, {});
    many.prepare(std::vector(messages, stored({to({"a@d.test"})})), clock_.wall());
    return handed;
  };
  EXPECT_THAT(sizes(2, 1), ElementsAre(1));
  EXPECT_THAT(sizes(2, 3), ElementsAre(2, 1));
  EXPECT_THAT(sizes(8, 3), ElementsAre(1, 1, 1));
  EXPECT_THAT(sizes(2, 10), ElementsAre(4, 4, 2)) << "the first does not wait for ever";
}

TEST_F(PreparerTest, OneThatCannotBePreparedKeepsNobodyBack) {
  auto gone = stored({to({"gone@d.test"})});
  release(gone.to[0].queued);
  preparer_.prepare({stored({to({"a@d.test"})}), gone, stored({to({"b@d.test"})})}, clock_.wall());
  ASSERT_EQ(signer_.asked.size(), 2u);
  signer_.answer(std::string("signature"));
  ASSERT_EQ(ready_.size(), 2u);
  EXPECT_THAT(ready_[0].emails, ElementsAre("a@d.test"));
  EXPECT_THAT(ready_[1].emails, ElementsAre("b@d.test"));
  EXPECT_EQ(reports_.size(), 1u);
}

TEST_F(PreparerTest, ARecordThatIsNotThereIsSaidToBeMissing) {
  auto assignment = stored({to({"a@d.test"})});
  release(assignment.to[0].queued);
  prepare(std::move(assignment));
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_EQ(reports_[0].results[0].content, Reading::missing);
}

TEST_F(PreparerTest, ARecordThatDoesNotParseIsSaidToBeDamaged) {
  auto assignment = stored({to({"a@d.test"})});
  assignment.to[0].queued = store("\xff nonsense");
  prepare(std::move(assignment));
  auto headless = stored({to({"a@d.test"}), to({"b@d.test"})});
  headless.variant = {};  // the request says that there are several, and where this one is nobody knows
  prepare(std::move(headless));
  ASSERT_EQ(reports_.size(), 2u);
  EXPECT_THAT(contents(), Each(Reading::damaged));
}

TEST_F(PreparerTest, WhoCannotBeReadIsToldApartFromThoseBesideHim) {
  auto damaged = stored({to({"a@d.test", "rotten@d.test", "torn@d.test"})});
  database_.rot("a", damaged.to[1].queued);
  damaged.to[2].queued = store("\xff nonsense");
  prepare(std::move(damaged));
  EXPECT_THAT(contents(), ElementsAre(Reading::whole, Reading::damaged, Reading::damaged));
  reports_.clear();
  auto incomplete = stored({to({"a@d.test", "gone@d.test", "b@d.test"})});
  release(incomplete.to[1].queued);
  prepare(std::move(incomplete));
  EXPECT_THAT(contents(), ElementsAre(Reading::whole, Reading::missing, Reading::whole));
  EXPECT_EQ(reports_[0].results[0].fate, Fate::local);
  EXPECT_TRUE(ready_.empty());
}

TEST_F(PreparerTest, WhatAllShareIsMissingForAll) {
  auto without_variant = stored({to({"x@d.test"}), to({"a@d.test", "b@d.test"})});
  release(without_variant.variant);
  prepare(std::move(without_variant));
  EXPECT_THAT(contents(), ElementsAre(Reading::missing, Reading::missing));
  reports_.clear();
  auto without_request = stored({to({"a@d.test", "b@d.test"})});
  release(without_request.accepted);
  prepare(std::move(without_request));
  EXPECT_THAT(contents(), ElementsAre(Reading::missing, Reading::missing));
}

// The record of a personalization is lost: its people look like those of the one before it.
TEST_F(PreparerTest, NobodyGetsAPersonalizationThatIsNotHis) {
  auto before = stored({to({"x@d.test"}), to({"a@d.test", "b@d.test"})});
  before.to.push_back({nullptr, before.first + 2, store(records::encode(records::Queued{"c@d.test", 2})), 1});
  prepare(std::move(before));
  EXPECT_TRUE(ready_.empty());
  EXPECT_THAT(contents(), ElementsAre(Reading::whole, Reading::whole, Reading::damaged));
}

// The index decides, not how many people a personalization has: these are no more than it has itself.
TEST_F(PreparerTest, NorDoesHeInTheirStead) {
  auto before = stored({to({"x@d.test"}), to({"a@d.test", "b@d.test"})});
  before.to = {{nullptr, before.first + 1, store(records::encode(records::Queued{"c@d.test", 2})), 1}};
  prepare(std::move(before));
  EXPECT_TRUE(ready_.empty());
  EXPECT_THAT(contents(), ElementsAre(Reading::damaged));
}

TEST_F(PreparerTest, TheRequestIsReadOnceForAllItsRecipients) {
  auto assignment = stored({to({"a@d.test"})});
  prepare(assignment);
  signer_.answer(std::string("signature"));
  release(assignment.accepted);  // not asked for again as long as it is remembered
  prepare(assignment);
  signer_.answer(std::string("signature"));
  EXPECT_EQ(ready_.size(), 2u);
  EXPECT_EQ(ready_[0].body, ready_[1].body);
}

}  // namespace
}  // namespace postrider

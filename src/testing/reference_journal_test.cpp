// SPDX-License-Identifier: Apache-2.0
#include "testing/reference_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/journal_conformance.h"
#include "testing/journal_model.h"

namespace postrider::testing {
namespace {

using namespace std::chrono_literals;

class ReferenceUnderTest : public JournalUnderTest {
 public:
  explicit ReferenceUnderTest(std::uint64_t seed) : database_(seed) {
    ttl = 10s;
    options_.ttl = ttl;
  }

  journal::Journal& open() override { return journal_.emplace(database_, clock, options_); }
  void crash() override {
    database_.hide_events(false);
    database_.break_next_commit(std::nullopt);
    armed_ = false;
    journal_.reset();
  }
  // Death in COMMIT leaves nothing or all of it behind.
  bool arm_crash(std::uint64_t step) override {
    armed_ = step < 2;
    if (armed_) database_.break_next_commit(step == 1);
    return true;
  }
  bool crashed() const override { return armed_ && !database_.commit_is_breaking(); }
  bool break_next_commit(bool stored, int asks) override {
    database_.break_next_commit(stored, asks);
    return true;
  }
  bool hide_events(bool hide) override {
    database_.hide_events(hide);
    return true;
  }
  bool show_events() override {
    database_.show_events();
    return true;
  }
  journal::Journal* open_rival() override {
    auto options = options_;
    options.node = "rival";
    return &rival_.emplace(database_, clock, options);
  }
  bool limit(std::uint64_t bytes) override {
    options_.limit = bytes;
    return true;
  }

 protected:
  ReferenceDatabase database_;
  ReferenceJournal::Options options_;
  std::optional<ReferenceJournal> journal_;
  std::optional<ReferenceJournal> rival_;
  bool armed_ = false;
};

// The same with gaps in its sequences.
class GappyReferenceUnderTest final : public ReferenceUnderTest {
 public:
  explicit GappyReferenceUnderTest(std::uint64_t seed) : ReferenceUnderTest(seed) {
    database_.set_faults({.burn = 4});
  }
};

// The same with all that a database does to its clients; only the model allows for late events.
class RestlessReferenceUnderTest final : public ReferenceUnderTest {
 public:
  explicit RestlessReferenceUnderTest(std::uint64_t seed) : ReferenceUnderTest(seed) {
    database_.set_faults({.ambiguous = 5, .landed_unavailable = 2, .burn = 4, .late_events = 3});
  }
};

template <class Subject>
JournalEngine engine(std::string name) {
  return {std::move(name), [](std::uint64_t seed) { return std::make_unique<Subject>(seed); }};
}

INSTANTIATE_TEST_SUITE_P(Reference, JournalConformance,
                         ::testing::Values(engine<ReferenceUnderTest>("reference"),
                                           engine<GappyReferenceUnderTest>("gappy")),
                         engine_name);

TEST(ReferenceJournal, BehavesLikeItsModelWhenEverythingGoesWrong) {
  for (std::uint64_t seed = 1; seed <= 50 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    RestlessReferenceUnderTest subject(seed);
    run_journal_model(subject, seed, 300);
  }
}

class ReferenceNodes : public ::testing::Test {
 protected:
  static std::string recover(ReferenceJournal& node) {
    auto recovered = node.recover([](journal::Sequence, const journal::Label&) {});
    return recovered.ok() ? "ok" : std::string(name(recovered.error().code));
  }
  Result<std::vector<journal::Receipt>> commit(ReferenceJournal& node) {
    journal::Group group;
    group.entries = {{{}, "x", {}}};
    return node.commit(++number_, {&group, 1});
  }

  FakeClock clock_;
  ReferenceDatabase database_{1};
  ReferenceJournal a_{database_, clock_, {.stream = "s", .node = "a", .ttl = 10s}};
  ReferenceJournal b_{database_, clock_, {.stream = "s", .node = "b", .ttl = 10s}};
  std::uint64_t number_ = 0;
};

TEST_F(ReferenceNodes, ANodeTakesItsOwnStreamBackAtOnce) {
  ASSERT_EQ(recover(a_), "ok");
  ReferenceJournal restarted(database_, clock_, {.stream = "s", .node = "a", .ttl = 10s});
  EXPECT_EQ(recover(restarted), "ok");
  EXPECT_EQ(commit(a_).error().code, Code::fenced);
}

TEST_F(ReferenceNodes, StreamsAreApart) {
  ReferenceJournal other(database_, clock_, {.stream = "t", .node = "b", .ttl = 10s});
  ASSERT_EQ(recover(a_), "ok");
  ASSERT_EQ(recover(other), "ok");
  ASSERT_TRUE(commit(a_).ok());
  EXPECT_EQ(a_.counters().live, 1u);
  EXPECT_EQ(other.counters().live, 0u);
}

TEST_F(ReferenceNodes, AnUnreachableDatabaseAnswersNobodyAndStartsTheWaitAnew) {
  ASSERT_EQ(recover(a_), "ok");
  EXPECT_EQ(recover(b_), "fenced");
  clock_.advance(9s);
  database_.set_reachable("b", false);
  EXPECT_EQ(recover(b_), "unavailable");
  database_.set_reachable("b", true);
  clock_.advance(2s);
  EXPECT_EQ(recover(b_), "fenced") << "eleven seconds, but not seen unchanged for ten";
  clock_.advance(10s);
  EXPECT_EQ(recover(b_), "ok");

  database_.set_reachable("b", false);
  EXPECT_EQ(commit(b_).error().code, Code::unavailable);
  EXPECT_EQ(b_.landed(1).error().code, Code::unavailable);
}

TEST_F(ReferenceNodes, NobodyTakesOverWithinOneTtlOfAPromotion) {
  ASSERT_EQ(recover(a_), "ok");
  EXPECT_EQ(recover(b_), "fenced");
  clock_.advance(10s);
  database_.promote();
  EXPECT_EQ(recover(b_), "fenced");
  clock_.advance(10s);
  EXPECT_EQ(recover(b_), "ok");
}

TEST_F(ReferenceNodes, UpkeepRenewsTheLease) {
  ASSERT_EQ(recover(a_), "ok");
  EXPECT_EQ(recover(b_), "fenced");
  for (int i = 0; i < 5; ++i) {
    clock_.advance(6s);
    ASSERT_TRUE(a_.maintain(clock_.wall(), {}).ok());
    EXPECT_EQ(recover(b_), "fenced");
    EXPECT_TRUE(a_.lease().holds(clock_.monotonic() + 9s));
  }
}

TEST_F(ReferenceNodes, ARenewalWhoseAnswerWasLostIsNotCounted) {
  ASSERT_EQ(recover(a_), "ok");
  const auto until = a_.lease().valid_until;
  clock_.advance(5s);
  database_.break_next_commit(true);
  EXPECT_EQ(commit(a_).error().code, Code::ambiguous);
  EXPECT_EQ(a_.lease().valid_until, until);
}

TEST_F(ReferenceNodes, ANewLifeOfTheLogVoidsCursors) {
  ASSERT_EQ(recover(a_), "ok");
  const auto cursor = a_.read_events({}, 1)->next;
  EXPECT_TRUE(a_.read_events(cursor, 1).ok());
  database_.start_new_life("s");
  EXPECT_EQ(a_.read_events(cursor, 1).error().code, Code::not_found);
}

TEST_F(ReferenceNodes, StatementsFailAsOftenAsAsked) {
  ASSERT_EQ(recover(a_), "ok");
  database_.set_faults({.unavailable = 2});
  std::uint64_t failed = 0;
  for (int i = 0; i < 100; ++i) failed += commit(a_).ok() ? 0 : 1;
  EXPECT_GT(failed, 20u);
  EXPECT_LT(failed, 80u);
  EXPECT_EQ(a_.counters().live, 100 - failed);
}

}  // namespace
}  // namespace postrider::testing

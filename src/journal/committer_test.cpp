// SPDX-License-Identifier: Apache-2.0
#include "journal/committer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <thread>

#include "base/crash_point.h"
#include "testing/fake_clock.h"
#include "testing/memory_log.h"
#include "testing/reference_journal.h"

namespace postrider::journal {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::FakeClock;
using ::testing::IsEmpty;
using testing::MemoryLog;
using testing::ReferenceDatabase;
using testing::ReferenceJournal;
using Step = Committer::Step;

// Answers what the test says, and notes what it was given: "1:abc" is batch 1 with the groups a, b and c.
class StubJournal final : public Journal {
 public:
  std::deque<Code> failures;  // of the next commits
  bool intake_fits = true;
  char invalid = 0;              // no batch with a group of this name
  std::size_t groups_most = 99;  // nor one of more
  std::vector<std::string> batches;

  Result<std::vector<Receipt>> commit(std::uint64_t number, std::span<const Group> groups) override {
    batches.push_back(std::to_string(number) + ":");
    for (const auto& group : groups) batches.back() += group.events.front().substr(0, 1);
    if (!failures.empty()) {
      const auto code = failures.front();
      failures.pop_front();
      return Error{code, "as the test said"};
    }
    if (groups.size() > groups_most || batches.back().contains(invalid))
      return Error{Code::invalid, "too large"};
    const auto intake = [](const Group& group) { return group.purpose == Purpose::intake; };
    if (!intake_fits && std::ranges::any_of(groups, intake)) return Error{Code::exhausted, "full"};
    std::vector<Receipt> receipts;
    for (std::size_t i = 0; i < groups.size(); ++i) receipts.push_back({{++sequence_}, {}});
    return receipts;
  }
  Result<std::optional<std::vector<Receipt>>> landed(std::uint64_t) override {
    return Error{Code::fenced, "another node has the stream"};
  }

  Result<Recovered> recover(const Live&) override { return Recovered{}; }
  Result<Blob> stage(std::string_view) override { return Blob{}; }
  void unstage(const Blob&) override {}
  Result<std::vector<std::string>> read(std::span<const Sequence>) const override {
    return Error{Code::not_found, {}};
  }
  std::optional<Claim> claim(std::uint64_t, std::string_view) const override { return {}; }
  bool may_claim(std::uint64_t) const override { return true; }
  Result<EventPage> read_events(Cursor, std::size_t) const override { return EventPage{}; }
  Cursor events_tail() const override { return {}; }
  Lease lease() const override { return {}; }
  Space space() const override { return {}; }
  Counters counters() const override { return {}; }
  Result<bool> maintain(Time, Time) override { return false; }
  std::vector<LiveRecord> worth_moving(std::size_t) const override { return {}; }
  Result<void> recall(const Wanted&, const Live&) const override { return {}; }
  Sequence recallable() const override { return {}; }

 private:
  std::uint64_t sequence_ = 0;
};

Group named(std::string name, Purpose purpose = Purpose::road) {
  Group group;
  group.purpose = purpose;
  group.events.push_back(std::move(name));
  return group;
}

std::string verdict(const Result<Receipt>& result) {
  return result.ok() ? "ok" : std::string(name(result.error().code));
}

class CommitterTest : public ::testing::Test {
 protected:
  void submit(Group group) {
    const auto who = group.events.front().substr(0, 1);
    committer_.submit(std::move(group), [this, who](Result<Receipt> result) {
      answers_.push_back(who + " " + verdict(result));
    });
  }
  void submit(const std::string& name, Purpose purpose = Purpose::road) { submit(named(name, purpose)); }
  void drain() {
    while (committer_.commit_once() == Step::worked) {
    }
  }

  StubJournal journal_;
  MemoryLog log_;
  Committer committer_{journal_, {.batch_bytes = 1000, .batch_groups = 3}, log_};
  std::vector<std::string> answers_;
};

TEST_F(CommitterTest, HasNothingToDoWhenNothingWaits) {
  EXPECT_EQ(committer_.commit_once(), Step::idle);
  EXPECT_THAT(journal_.batches, IsEmpty());
}

TEST_F(CommitterTest, WhatHasGatheredBecomesOneBatchInOrder) {
  submit("a");
  submit("b");
  EXPECT_EQ(committer_.waiting(), 2u);
  EXPECT_THAT(answers_, IsEmpty());
  EXPECT_EQ(committer_.commit_once(), Step::worked);
  EXPECT_EQ(committer_.waiting(), 0u);
  EXPECT_THAT(journal_.batches, ElementsAre("1:ab"));
  EXPECT_THAT(answers_, ElementsAre("a ok", "b ok"));
}

TEST_F(CommitterTest, ABatchIsClosedAtItsSizeAndCount) {
  for (auto name : {"a", "b", "c", "d"}) submit(name);
  submit("e" + std::string(600, '.'));
  submit("f" + std::string(600, '.'));
  submit("g" + std::string(5000, '.'));
  submit("h");
  drain();
  EXPECT_THAT(journal_.batches, ElementsAre("1:abc", "2:de", "3:f", "4:g", "5:h"))
      << "one group above the size is a batch of its own";
}

TEST_F(CommitterTest, AGroupThatBreaksALimitIsRefusedAlone) {
  journal_.invalid = 'b';
  for (auto name : {"a", "b", "c"}) submit(name);
  drain();
  EXPECT_THAT(journal_.batches, ElementsAre("1:abc", "2:a", "3:bc", "4:b", "5:c"));
  EXPECT_THAT(answers_, ElementsAre("a ok", "b invalid", "c ok"));
  EXPECT_EQ(committer_.waiting(), 0u);
  EXPECT_FALSE(committer_.stopped());
}

TEST_F(CommitterTest, WhatIsTooLargeTogetherIsCommittedInParts) {
  journal_.groups_most = 1;
  for (auto name : {"a", "b", "c"}) submit(name);
  drain();
  EXPECT_THAT(answers_, ElementsAre("a ok", "b ok", "c ok"));
}

TEST_F(CommitterTest, EachSubmitterGetsItsOwnReceipt) {
  std::map<std::string, std::uint64_t> first;
  for (auto name : {"a", "b", "c"}) {
    committer_.submit(named(name),
                      [&first, name](Result<Receipt> result) { first[name] = result->first.value; });
  }
  drain();
  EXPECT_EQ(first, (std::map<std::string, std::uint64_t>{{"a", 1}, {"b", 2}, {"c", 3}}));
}

TEST_F(CommitterTest, AnswersMaySubmitMore) {
  committer_.submit(named("a"), [this](Result<Receipt>) { submit("b"); });
  drain();
  EXPECT_THAT(journal_.batches, ElementsAre("1:a", "2:b"));
  EXPECT_THAT(answers_, ElementsAre("b ok"));
}

// A client can ask again; what the road has learnt must not be forgotten, so it is offered until it is taken.
TEST_F(CommitterTest, AFailureThatPassesRefusesIntakeAndKeepsTheRoadWaiting) {
  journal_.failures = {Code::unavailable, Code::unavailable};
  submit("a", Purpose::intake);
  submit("b");
  EXPECT_EQ(committer_.commit_once(), Committer::Step::again);
  EXPECT_THAT(answers_, ElementsAre("a unavailable"));
  submit("c");
  EXPECT_EQ(committer_.commit_once(), Committer::Step::again);
  drain();
  EXPECT_THAT(answers_, ElementsAre("a unavailable", "b ok", "c ok"));
  EXPECT_FALSE(committer_.stopped());
}

TEST_F(CommitterTest, AFullDiskRefusesIntakeAndLetsTheRoadPass) {
  journal_.intake_fits = false;
  submit("a", Purpose::intake);
  submit("b");
  submit("c", Purpose::intake);
  drain();
  submit("d", Purpose::intake);
  drain();
  EXPECT_THAT(journal_.batches, ElementsAre("1:abc", "2:b", "3:d"));
  EXPECT_THAT(answers_, ElementsAre("a exhausted", "c exhausted", "b ok", "d exhausted"));
  EXPECT_FALSE(committer_.stopped());
}

TEST_F(CommitterTest, ARoadThatDoesNotFitEitherIsRefused) {
  journal_.failures = {Code::exhausted, Code::exhausted};
  submit("a", Purpose::intake);
  submit("b");
  submit("c");
  drain();
  EXPECT_THAT(answers_, ElementsAre("a exhausted", "b exhausted", "c exhausted"));
  EXPECT_THAT(journal_.batches, ElementsAre("1:abc", "2:bc"));
}

TEST_F(CommitterTest, AFailedSyncRefusesWhatWaitsAndAllThatComesLater) {
  journal_.failures = {Code::io};
  for (auto name : {"a", "b", "c", "d"}) submit(name);
  EXPECT_EQ(committer_.commit_once(), Step::worked);
  EXPECT_THAT(answers_, ElementsAre("a io", "b io", "c io", "d io"));
  EXPECT_TRUE(committer_.stopped());
  EXPECT_EQ(committer_.waiting(), 0u);
  EXPECT_EQ(log_.alarms(), 1u);
  submit("e");
  EXPECT_THAT(answers_.back(), "e unavailable");
  EXPECT_EQ(committer_.commit_once(), Step::idle);
  EXPECT_THAT(journal_.batches, ElementsAre("1:abc")) << "never again after a failed sync";
}

TEST_F(CommitterTest, AnEpochThatIsOverStopsIt) {
  journal_.failures = {Code::fenced};
  submit("a");
  drain();
  submit("b");
  EXPECT_THAT(answers_, ElementsAre("a fenced", "b unavailable"));
  EXPECT_TRUE(committer_.stopped());
}

TEST_F(CommitterTest, FencedWhileAskingAboutAnAmbiguousCommitStopsIt) {
  journal_.failures = {Code::ambiguous};
  submit("a");
  EXPECT_EQ(committer_.commit_once(), Step::worked);
  EXPECT_THAT(answers_, IsEmpty());
  drain();
  EXPECT_THAT(answers_, ElementsAre("a fenced"));
  EXPECT_TRUE(committer_.stopped());
}

TEST_F(CommitterTest, WaitEndsWhenSomethingArrives) {
  submit("a");
  committer_.wait(1h);
  drain();
  std::thread sender([this] { submit("b"); });
  committer_.wait(1h);
  sender.join();
  drain();
  EXPECT_THAT(answers_, ElementsAre("a ok", "b ok"));
  committer_.wait(1ms);
}

TEST_F(CommitterTest, WakeEndsAWaitForNothing) {
  std::thread waker([this] { committer_.wake(); });
  committer_.wait(1h);
  waker.join();
}

TEST_F(CommitterTest, ManyThreadsSubmit) {
  constexpr int each = 500;
  std::atomic<int> answered = 0;
  std::vector<std::thread> senders;
  for (int t = 0; t < 4; ++t) {
    senders.emplace_back([&] {
      for (int i = 0; i < each; ++i) {
        committer_.submit(named("x"), [&](Result<Receipt> result) { answered += result.ok() ? 1 : 0; });
      }
    });
  }
  while (answered < 4 * each) {
    if (committer_.commit_once() == Step::idle) committer_.wait(1ms);
  }
  for (auto& sender : senders) sender.join();
  EXPECT_EQ(committer_.waiting(), 0u);
}

// Over a database whose commits can break.
class AmbiguousCommitTest : public ::testing::Test {
 protected:
  AmbiguousCommitTest() {
    EXPECT_TRUE(journal_.recover([](Sequence, const Label&) {}).ok());
  }

  void submit(std::string bytes) {
    Group group;
    group.entries.push_back({{}, bytes, {}});
    group.events.push_back(bytes);
    committer_.submit(std::move(group), [this, bytes](Result<Receipt> result) {
      if (result.ok() && stored_at(result->first) != bytes)
        broken_promise_ = bytes + " acknowledged and not there";
      answers_[bytes] = verdict(result);
    });
  }
  std::string stored_at(Sequence sequence) {
    auto bytes = journal_.read({&sequence, 1});
    return bytes.ok() ? bytes->front() : "nothing";
  }
  std::vector<std::string> events() const {
    std::vector<std::string> all;
    for (auto& event : journal_.read_events({}, 1000)->events) all.push_back(event.bytes);
    return all;
  }

  FakeClock clock_;
  ReferenceDatabase database_{1};
  ReferenceJournal journal_{database_, clock_, {}};
  MemoryLog log_;
  Committer committer_{journal_, {}, log_};
  std::map<std::string, std::string> answers_;
  std::string broken_promise_;
};

TEST_F(AmbiguousCommitTest, FoundPresentIsAcknowledgedOnce) {
  database_.break_next_commit(true);
  submit("a");
  submit("b");
  EXPECT_EQ(committer_.commit_once(), Step::worked);
  EXPECT_THAT(answers_, IsEmpty()) << "nothing is known yet";
  submit("c");
  EXPECT_EQ(committer_.commit_once(), Step::worked);
  EXPECT_EQ(answers_, (std::map<std::string, std::string>{{"a", "ok"}, {"b", "ok"}}));
  EXPECT_EQ(committer_.commit_once(), Step::worked);
  EXPECT_EQ(answers_["c"], "ok");
  EXPECT_THAT(events(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(broken_promise_, "");
}

TEST_F(AmbiguousCommitTest, FoundAbsentIsCommittedAgain) {
  database_.break_next_commit(false);
  submit("a");
  EXPECT_EQ(committer_.commit_once(), Step::worked);
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_EQ(committer_.commit_once(), Step::worked);
  EXPECT_EQ(answers_["a"], "ok");
  EXPECT_THAT(events(), ElementsAre("a"));
  EXPECT_EQ(broken_promise_, "");
}

TEST_F(AmbiguousCommitTest, IsAskedAgainUntilThereIsAnAnswer) {
  database_.break_next_commit(true, 2);
  submit("a");
  EXPECT_EQ(committer_.commit_once(), Step::worked);
  EXPECT_EQ(committer_.commit_once(), Step::again);
  EXPECT_EQ(committer_.commit_once(), Step::again);
  EXPECT_THAT(answers_, IsEmpty());
  EXPECT_EQ(committer_.commit_once(), Step::worked);
  EXPECT_EQ(answers_["a"], "ok");
  EXPECT_EQ(committer_.commit_once(), Step::idle);
  EXPECT_THAT(events(), ElementsAre("a"));
}

TEST_F(AmbiguousCommitTest, MayHappenAgainAndAgain) {
  submit("a");
  for (int i = 0; i < 5; ++i) {
    database_.break_next_commit(false);
    EXPECT_EQ(committer_.commit_once(), Step::worked);
    EXPECT_THAT(answers_, IsEmpty());
  }
  EXPECT_EQ(committer_.commit_once(), Step::worked);
  EXPECT_EQ(answers_["a"], "ok");
  EXPECT_THAT(events(), ElementsAre("a"));
}

TEST_F(AmbiguousCommitTest, ATakeoverMeanwhileStopsItWithoutAnAcknowledgement) {
  ReferenceJournal rival(database_, clock_, {.node = "b"});
  const auto ignore = [](Sequence, const Label&) {};
  EXPECT_FALSE(rival.recover(ignore).ok());
  submit("a");
  database_.break_next_commit(false);
  EXPECT_EQ(committer_.commit_once(), Step::worked);
  clock_.advance(10s);
  ASSERT_TRUE(rival.recover(ignore).ok());
  EXPECT_EQ(committer_.commit_once(), Step::worked);
  EXPECT_EQ(answers_["a"], "fenced");
  EXPECT_TRUE(committer_.stopped());
  EXPECT_THAT(events(), IsEmpty());
}

// The two promises a submitter lives by, over commits that break half of the time: acknowledged = stored,
// once; refused = not stored. Says the first one broken.
class PromisesTest : public AmbiguousCommitTest {
 protected:
  std::string check() {
    database_.set_faults({.ambiguous = 2, .landed_unavailable = 3, .burn = 5});
    for (int i = 0; i < 200; ++i) {
      submit("record " + std::to_string(i));
      if (i % 3 == 0) committer_.commit_once();
    }
    while (committer_.commit_once() != Step::idle) {
    }
    if (!broken_promise_.empty()) return broken_promise_;
    std::map<std::string, int> stored;
    for (const auto& event : events()) ++stored[event];
    for (const auto& [bytes, answer] : answers_) {
      if (answer == "ok" && stored[bytes] != 1) return bytes + " acknowledged and stored otherwise than once";
      if (answer != "ok" && stored[bytes] != 0) return bytes + " refused and stored";
    }
    return answers_.size() == 200 ? "" : "somebody got no answer";
  }
};

TEST_F(PromisesTest, AreKept) {
  EXPECT_EQ(check(), "");
}

#ifdef POSTRIDER_CRASH_POINTS
class PlantedBugs : public PromisesTest {
 protected:
  ~PlantedBugs() override { crash::set_mutant(0); }
};

TEST_F(PlantedBugs, TakingAnAmbiguousCommitAsFailedIsNoticed) {
  crash::set_mutant(8);
  EXPECT_NE(check(), "");
}

TEST_F(PlantedBugs, TakingAnAmbiguousCommitAsDoneIsNoticed) {
  crash::set_mutant(9);
  EXPECT_NE(check(), "");
}
#endif

}  // namespace
}  // namespace postrider::journal

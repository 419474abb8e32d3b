// SPDX-License-Identifier: Apache-2.0
#include "testing/journal_conformance.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "testing/journal_groups.h"

namespace postrider::testing {

using namespace journal;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string JournalConformance::read(Sequence sequence) const {
  const Sequence one[] = {sequence};
  auto bytes = journal->read(one);
  if (!bytes.ok()) return verdict(bytes);
  return bytes->size() == 1 ? bytes->front() : "error: not one";
}

// Records

TEST_P(JournalConformance, CommittedMeansDurable) {
  const auto sequence = commit("hello");
  EXPECT_EQ(read(sequence), "hello");
  restart();
  EXPECT_EQ(read(sequence), "hello");
}

TEST_P(JournalConformance, RecordsHoldAnyBytes) {
  std::string all;
  for (int i = 0; i < 1024; ++i) all.push_back(static_cast<char>(i * 7));
  const auto first = commit(records({"", all, std::string_view("\0", 1)})).first;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(read(first), "");
    EXPECT_EQ(read({first.value + 1}), all);
    EXPECT_EQ(read({first.value + 2}), std::string(1, '\0'));
    restart();
  }
}

TEST_P(JournalConformance, TheLargestInlineRecordFits) {
  const std::string large(Journal::inline_limit, 'L');
  const auto sequence = commit(large);
  EXPECT_EQ(read(sequence), large);
  restart();
  EXPECT_EQ(read(sequence), large);
}

TEST_P(JournalConformance, SequencesStrictlyIncrease) {
  Sequence last;
  for (int batch = 0; batch < 5; ++batch) {
    auto receipts = commit(std::vector<Group>{records({"a", "b"}), records({"c"})});
    ASSERT_TRUE(receipts.ok());
    ASSERT_THAT(*receipts, SizeIs(2));
    EXPECT_GT((*receipts)[0].first, last);
    EXPECT_GT((*receipts)[1].first.value, (*receipts)[0].first.value + 1);
    last = (*receipts)[1].first;
  }
}

TEST_P(JournalConformance, SequencesNeverComeBackAfterARestart) {
  Sequence last;
  for (int life = 0; life < 4; ++life) {
    const auto first = commit(records({"a", "b", "c"})).first;
    EXPECT_GT(first, last);
    last = {first.value + 2};
    commit(releasing({first, {first.value + 1}, last}));
    upkeep();
    restart();
    EXPECT_THAT(live, IsEmpty());
  }
}

TEST_P(JournalConformance, AReceiptPlacesEntriesFirstAndMovesBehindThem) {
  const auto old = commit(records({"x", "y"})).first;
  auto group = records({"a", "b", "c"});
  group.moves = {{old, label(1)}, {{old.value + 1}, label(2)}};
  const auto first = commit(group).first.value;
  EXPECT_EQ(read({first}), "a");
  EXPECT_EQ(read({first + 2}), "c");
  EXPECT_EQ(read({first + 3}), "x");
  EXPECT_EQ(read({first + 4}), "y");
}

TEST_P(JournalConformance, ManyRecordsAreReadInTheOrderAsked) {
  const auto first = commit(records({"0", "1", "2"})).first.value;
  const auto later = commit("3");
  const Sequence asked[] = {later, {first + 2}, {first}, {first + 1}};
  auto bytes = journal->read(asked);
  ASSERT_TRUE(bytes.ok());
  EXPECT_THAT(*bytes, ElementsAre("3", "2", "0", "1"));
  EXPECT_THAT(*journal->read({}), IsEmpty());
}

TEST_P(JournalConformance, AReleasedRecordIsNotFound) {
  const auto sequence = commit("hello");
  const auto other = commit("other");
  commit(releasing({sequence}));
  EXPECT_EQ(read(sequence), "error: not_found");
  const Sequence both[] = {other, sequence};
  EXPECT_EQ(verdict(journal->read(both)), "error: not_found");
  restart();
  EXPECT_EQ(read(sequence), "error: not_found");
  EXPECT_EQ(read(other), "other");
}

TEST_P(JournalConformance, ReleasingTwiceOrTheUnknownChangesNothing) {
  const auto sequence = commit("hello");
  const auto kept = commit("kept");
  commit(releasing({sequence}));
  commit(releasing({sequence, sequence, {kept.value + 1'000'000}, {0}}));
  EXPECT_EQ(journal->counters().live, 1u);
  restart();
  commit(releasing({sequence}));
  EXPECT_EQ(read(kept), "kept");
  EXPECT_EQ(journal->counters().live, 1u);
  EXPECT_EQ(read(commit("new")), "new") << "an early release of a later sequence is no debt";
  restart();
  EXPECT_THAT(live, SizeIs(2));
}

TEST_P(JournalConformance, RecallTellsOfTheWantedThatAreLiveAndWhatItMayLeaveOutIsStated) {
  const auto first = commit(records({"a", "b", "c", "d"})).first;
  commit(releasing({{first.value + 1}}));
  upkeep();
  restart();  // whoever starts anew closes what it finds
  upkeep();
  EXPECT_GT(journal->recallable().value, first.value + 3);
  const auto newest = commit("newest");
  std::vector<Sequence> told;
  const auto recall = [&](const Journal::Wanted& wanted) {
    told.clear();
    auto asked = journal->recall(wanted, [&](Sequence at, const Label&) { told.push_back(at); });
    while (!asked.ok() && asked.error().code == Code::unavailable) {
      told.clear();
      asked = journal->recall(wanted, [&](Sequence at, const Label&) { told.push_back(at); });
    }
    return asked.ok();
  };
  ASSERT_TRUE(recall([&](const Label& label) { return label == live.at(first); }));
  EXPECT_THAT(told, ::testing::Contains(first));
  EXPECT_THAT(told, ::testing::Not(::testing::Contains(Sequence{first.value + 1}))) << "it is released";
  ASSERT_TRUE(recall([](const Label&) { return true; }));
  EXPECT_TRUE(std::ranges::is_sorted(told));
  EXPECT_EQ(std::ranges::count(told, newest), newest < journal->recallable() ? 1 : 0);
  ASSERT_TRUE(recall([](const Label&) { return false; }));
  EXPECT_THAT(told, IsEmpty());
}

TEST_P(JournalConformance, AMoveKeepsTheBytesAndReleasesTheOldPlace) {
  const auto old = commit("hello");
  Group group;
  group.moves = {{old, label(42, 5000)}};
  const auto moved = commit(group).first;
  EXPECT_GT(moved, old);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(read(moved), "hello");
    EXPECT_EQ(read(old), "error: not_found");
    EXPECT_EQ(journal->counters().live, 1u);
    restart();
    EXPECT_THAT(live, ElementsAre(std::pair(moved, label(42, 5000))));
  }
}

TEST_P(JournalConformance, ARecordMayMoveManyTimes) {
  auto at = commit("hello");
  for (std::uint32_t i = 0; i < 20; ++i) {
    Group group;
    group.moves = {{at, label(i)}};
    at = commit(group).first;
    if (i % 7 == 0) restart();
    if (i % 5 == 0) upkeep();
  }
  restart();
  EXPECT_THAT(live, SizeIs(1));
  EXPECT_EQ(read(at), "hello");
}

// Large bodies

TEST_P(JournalConformance, AStagedBodyIsReadThroughItsRecord) {
  const std::string body(Journal::inline_limit * 3 + 17, 'B');
  auto blob = journal->stage(body);
  ASSERT_TRUE(blob.ok());
  EXPECT_EQ(blob->size, body.size());
  Group group;
  group.entries = {{label(1), "", *blob}, entry("beside")};
  const auto first = commit(group).first;
  EXPECT_EQ(read(first), body);
  restart();
  EXPECT_EQ(read(first), body);
  EXPECT_EQ(read({first.value + 1}), "beside");
  Group move;
  move.moves = {{first, label(2)}};
  const auto moved = commit(move).first;
  upkeep();
  restart();
  EXPECT_EQ(read(moved), body);
  EXPECT_EQ(read(first), "error: not_found");
}

TEST_P(JournalConformance, AStagedBodyThatNoRecordNamesIsRemovedByRecovery) {
  commit("small");
  restart();
  const auto before = journal->space().used;
  ASSERT_TRUE(journal->stage(std::string(4 << 20, 'B')).ok());
  restart();
  EXPECT_LE(journal->space().used, before + (1 << 20));
}

TEST_P(JournalConformance, AStagedBodyGivenBackFreesItsRoomAndAStoredOneStays) {
  const std::string body(4 << 20, 'B');
  const auto before = journal->space().used;
  auto unwanted = journal->stage(body);
  ASSERT_TRUE(unwanted.ok());
  journal->unstage(*unwanted);
  journal->unstage(*unwanted);
  journal->unstage(Blob{});
  EXPECT_EQ(journal->space().used, before);
  auto wanted = journal->stage(body);
  ASSERT_TRUE(wanted.ok());
  Group group;
  group.entries = {{label(1), "", *wanted}};
  const auto first = commit(group).first;
  const auto full = journal->space().used;
  journal->unstage(*wanted);
  EXPECT_EQ(journal->space().used, full);
  upkeep();
  EXPECT_EQ(read(first), body);
  restart();
  EXPECT_EQ(read(first), body);
}

TEST_P(JournalConformance, AStagedBodyGoesWithItsRecord) {
  auto blob = journal->stage(std::string(4 << 20, 'B'));
  ASSERT_TRUE(blob.ok());
  Group group;
  group.entries = {{label(1), "", *blob}};
  const auto sequence = commit(group).first;
  const auto full = journal->space().used;
  commit(releasing({sequence}));
  upkeep();
  restart();
  EXPECT_LE(journal->space().used + (3 << 20), full);
}

}  // namespace postrider::testing

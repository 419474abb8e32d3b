// SPDX-License-Identifier: Apache-2.0
#include "testing/journal_conformance.h"

#include <gmock/gmock.h>

#include "testing/journal_groups.h"

namespace postrider::testing {

using namespace journal;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> JournalConformance::events(Cursor after) const {
  std::vector<std::string> all;
  for (;;) {
    auto page = journal->read_events(after, 3);
    if (!page.ok()) {
      ADD_FAILURE() << "read_events: " << verdict(page);
      return all;
    }
    for (auto& event : page->events) {
      EXPECT_GT(event.sequence, after.sequence);
      after.sequence = event.sequence;
      all.push_back(std::move(event.bytes));
    }
    EXPECT_GE(page->next.sequence, after.sequence);
    after = page->next;
    if (page->events.empty()) return all;
  }
}

std::string JournalConformance::answer(std::uint64_t tenant, std::string_view key) const {
  const auto held = journal->claim(tenant, key);
  return held ? held->answer : "no claim";
}

// Claims

TEST_P(JournalConformance, TheFirstGroupWithAKeyWinsAndTheSecondStoresNothing) {
  const auto expires = subject->clock.wall() + 24h;
  EXPECT_EQ(journal->claim(1, "key"), std::nullopt);
  auto group = records({"first"});
  group.claim = claiming("key", "answer", expires);
  EXPECT_EQ(commit(group).taken, std::nullopt);

  auto other = records({"second"});
  other.events = {"second"};
  other.claim = claiming("key", "another answer", expires);
  const auto old = commit("old");
  other.releases = {old};
  for (int i = 0; i < 2; ++i) {
    const auto receipt = commit(other);
    ASSERT_TRUE(receipt.taken.has_value());
    EXPECT_EQ(receipt.taken->answer, "answer");
    EXPECT_EQ(receipt.taken->digest, group.claim->digest);
    EXPECT_THAT(events(), IsEmpty());
    EXPECT_EQ(read(old), "old");
    EXPECT_EQ(journal->counters().live, 2u);
    restart();
    EXPECT_THAT(live, SizeIs(2));
  }
}

TEST_P(JournalConformance, TheFirstOfOneBatchWins) {
  auto first = records({"first"});
  first.claim = claiming("key", "1", subject->clock.wall() + 24h);
  auto second = records({"second"});
  second.claim = claiming("key", "2", subject->clock.wall() + 24h);
  auto receipts = commit(std::vector<Group>{first, second, records({"third"})});
  ASSERT_TRUE(receipts.ok());
  EXPECT_FALSE((*receipts)[0].taken);
  ASSERT_TRUE((*receipts)[1].taken);
  EXPECT_EQ((*receipts)[1].taken->answer, "1");
  EXPECT_EQ(read((*receipts)[0].first), "first");
  EXPECT_EQ(read((*receipts)[2].first), "third");
  restart();
  EXPECT_THAT(live, SizeIs(2));
}

TEST_P(JournalConformance, ClaimsOfDifferentTenantsAndKeysDoNotMeet) {
  const auto expires = subject->clock.wall() + 24h;
  for (auto [tenant, key] :
       std::initializer_list<std::pair<std::uint64_t, std::string>>{{1, "a"}, {1, "b"}, {2, "a"}}) {
    Group group;
    group.claim = claiming(key, key + std::to_string(tenant), expires, tenant);
    EXPECT_EQ(commit(group).taken, std::nullopt);
  }
  EXPECT_EQ(answer(2, "a"), "a2");
  EXPECT_EQ(answer(1, "b"), "b1");
  EXPECT_EQ(answer(3, "a"), "no claim");
}

TEST_P(JournalConformance, ClaimsSurviveARestart) {
  Group group;
  group.claim = claiming("key", "answer", subject->clock.wall() + 24h);
  commit(group);
  for (int i = 0; i < 3; ++i) {
    restart();
    upkeep();
    ASSERT_TRUE(journal->claim(1, "key").has_value());
    EXPECT_EQ(journal->claim(1, "key")->answer, "answer");
    EXPECT_EQ(journal->claim(1, "key")->expires, group.claim->expires);
  }
}

TEST_P(JournalConformance, AnExpiredClaimIsFree) {
  Group group;
  group.claim = claiming("key", "old", subject->clock.wall() + 1h);
  commit(group);
  subject->clock.advance(61min);
  upkeep();
  EXPECT_EQ(journal->claim(1, "key"), std::nullopt);
  group.claim = claiming("key", "new", subject->clock.wall() + 1h);
  EXPECT_EQ(commit(group).taken, std::nullopt);
  restart();
  EXPECT_EQ(answer(1, "key"), "new");
}

// Events

TEST_P(JournalConformance, EventsAreReadOnceAndInOrder) {
  commit(telling({"1", "2"}));
  auto receipts = commit(std::vector<Group>{telling({"3"}), telling({"4", "5", "6"})});
  ASSERT_TRUE(receipts.ok());
  EXPECT_THAT(events(), ElementsAre("1", "2", "3", "4", "5", "6"));
  restart();
  EXPECT_THAT(events(), ElementsAre("1", "2", "3", "4", "5", "6"));
}

TEST_P(JournalConformance, ACursorContinuesWhereItStoodAlsoAfterARestart) {
  commit(telling({"1", "2"}));
  auto page = journal->read_events({}, 100);
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(page->events, SizeIs(2));
  EXPECT_EQ(page->next, journal->events_tail());
  commit(telling({"3"}));
  restart();
  commit(telling({"4"}));
  EXPECT_THAT(events(page->next), ElementsAre("3", "4"));
  auto nothing = journal->read_events(journal->events_tail(), 100);
  ASSERT_TRUE(nothing.ok());
  EXPECT_THAT(nothing->events, IsEmpty());
  EXPECT_EQ(nothing->next, journal->events_tail());
}

TEST_P(JournalConformance, ACursorOfAnEmptyLogIsGoodLater) {
  auto page = journal->read_events({}, 100);
  ASSERT_TRUE(page.ok());
  restart();
  commit(telling({"1"}));
  EXPECT_THAT(events(page->next), ElementsAre("1"));
}

TEST_P(JournalConformance, EventsOutliveTheRecordsTheyCameWith) {
  auto group = records({"record"});
  group.events = {"told"};
  const auto first = commit(group).first;
  commit(releasing({first}));
  upkeep();
  restart();
  upkeep();
  EXPECT_THAT(events(), ElementsAre("told"));
}

TEST_P(JournalConformance, ACursorOfAnotherLifeIsNotFound) {
  commit(telling({"1", "2"}));
  auto cursor = journal->events_tail();
  cursor.sequence -= 1;
  ++cursor.incarnation;
  EXPECT_EQ(verdict(journal->read_events(cursor, 10)), "error: not_found");
  restart();
  EXPECT_EQ(verdict(journal->read_events(cursor, 10)), "error: not_found");
}

TEST_P(JournalConformance, ACursorAheadOfTheLogIsInvalid) {
  commit(telling({"1", "2"}));
  auto cursor = journal->events_tail();
  cursor.sequence += 1;
  EXPECT_EQ(verdict(journal->read_events(cursor, 10)), "error: invalid");
  restart();
  EXPECT_EQ(verdict(journal->read_events(cursor, 10)), "error: invalid");
}

TEST_P(JournalConformance, AGapStopsThePageUntilItIsFilled) {
  commit(telling({"1"}));
  if (!subject->hide_events(true)) return does_not_apply("events appear in order");
  commit(telling({"2"}));
  subject->hide_events(false);
  commit(telling({"3"}));
  EXPECT_THAT(events(), ElementsAre("1"));
  auto page = journal->read_events({}, 10);
  ASSERT_TRUE(page.ok());
  subject->show_events();
  EXPECT_THAT(events(page->next), ElementsAre("2", "3"));
}

TEST_P(JournalConformance, OldEventsGoAndTheRestStays) {
  for (int i = 0; i < 10; ++i) commit(telling({"old"}));
  auto early = journal->read_events({}, 4);
  ASSERT_TRUE(early.ok());
  subject->clock.advance(std::chrono::hours(24 * 8));
  events_before = subject->clock.wall() - std::chrono::hours(24 * 7);
  for (const char* event : {"new 1", "new 2", "new 3"}) commit(telling({event}));
  upkeep();
  for (int i = 0; i < 2; ++i) {
    auto kept = events();
    ASSERT_GE(kept.size(), 3u);
    for (std::size_t old = 0; old + 3 < kept.size(); ++old) EXPECT_EQ(kept[old], "old");
    EXPECT_EQ(kept[kept.size() - 3], "new 1");
    EXPECT_EQ(kept.back(), "new 3");
    kept = events(early->next);
    ASSERT_GE(kept.size(), 3u) << "a cursor below the window continues at the oldest kept";
    EXPECT_EQ(kept.back(), "new 3");
    restart();
  }
}

}  // namespace postrider::testing

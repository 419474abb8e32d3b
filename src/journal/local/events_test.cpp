// SPDX-License-Identifier: Apache-2.0
// Events and claims, which outlive the segments they were written in.
#include "journal/local/local_fixture.h"

namespace postrider::journal::local {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using LocalEventsTest = LocalJournalTest;

TEST_F(LocalEventsTest, EventsAreReadAtOnceAndOnceAlsoAcrossTheCarry) {
  Cursor seen;
  std::vector<std::string> all;
  for (int i = 0; i < 50; ++i) {
    tell("event " + std::to_string(i));
    if (i % 3 == 0) upkeep();
    if (i % 7 == 0) restart();
    auto page = journal->read_events(seen, 100);
    ASSERT_TRUE(page.ok());
    for (auto& event : page->events) all.push_back(event.bytes);
    seen = page->next;
  }
  EXPECT_EQ(events(), all);
  EXPECT_THAT(all, SizeIs(50));
}

TEST_F(LocalEventsTest, EventsGoAsTheirDaysPass) {
  tell("old");
  upkeep();
  subject.clock.advance(13h);
  tell("young");
  upkeep();
  upkeep(subject.clock.wall() - 1h);
  EXPECT_THAT(events(), ElementsAre("young"));
  restart();
  EXPECT_THAT(events(), ElementsAre("young"));
  upkeep(subject.clock.wall() + 1h);
  EXPECT_THAT(events(), IsEmpty());
  restart();
  EXPECT_THAT(events(), IsEmpty());
  const auto tail = journal->events_tail();
  EXPECT_EQ(tail.sequence, 2u) << "event numbers go on too";
  tell("new");
  EXPECT_THAT(events(tail), ElementsAre("new"));
}

TEST_F(LocalEventsTest, ClaimsOutliveTheSpoolAndTheEventsTheyCameWith) {
  Group group;
  group.events = {"told"};
  group.claim = Claim{1, "key", {}, "answer", subject.clock.wall() + 48h};
  ASSERT_TRUE(commit(group).ok());
  upkeep();
  subject.clock.advance(24h);
  upkeep(subject.clock.wall());
  restart();
  upkeep(subject.clock.wall());
  ASSERT_TRUE(journal->claim(1, "key"));
  EXPECT_EQ(journal->claim(1, "key")->answer, "answer");
  subject.clock.advance(25h);
  upkeep(subject.clock.wall());
  upkeep(subject.clock.wall());
  EXPECT_FALSE(journal->claim(1, "key"));
  EXPECT_THAT(events(), IsEmpty());
}

}  // namespace
}  // namespace postrider::journal::local

// SPDX-License-Identifier: Apache-2.0
// Records copied elsewhere so that their old place may go, and what may happen to them meanwhile.
#include <gmock/gmock.h>

#include "flow/road/road_fixture.h"

namespace postrider {
namespace {

using ::testing::SizeIs;

class RoadCleans : public RoadFixture {
 protected:
  void offer(records::Kind kind, const MessageId& id, std::uint32_t n, journal::Sequence place) {
    journal->to_clean.push_back({place, {static_cast<std::uint8_t>(kind), id.bytes, n, 0, 0, 1}});
  }
  void sweep() {  // the road hands its copies to the committer; nothing is durable yet
    clock.advance(std::chrono::seconds(61));
    road->step(now());
    journal->to_clean.clear();
  }
};

TEST_F(RoadCleans, AWaitingRecipientMovesAndIsDeliveredFromItsNewPlace) {
  const auto id = accept({"a@b.example"}, now() + std::chrono::hours(1));
  const auto old_place = recipient(id).queued;
  offer(records::Kind::queued, id, 0, old_place);
  sweep();
  EXPECT_EQ(recipient(id).standing, Standing::settling);
  work();
  EXPECT_EQ(recipient(id).standing, Standing::waiting);
  EXPECT_NE(recipient(id).queued, old_place);
  EXPECT_FALSE(is_stored(old_place));
  EXPECT_TRUE(is_stored(recipient(id).queued));
  EXPECT_EQ(live(), 2u);
  advance(std::chrono::hours(1));
  EXPECT_EQ(take().to[0].queued, recipient(id).queued);
}

TEST_F(RoadCleans, NobodyIsPickedOrOrderedOrExpiredWhileItsRecordIsCopied) {
  may_send = false;
  const auto id = accept({"a@b.example"});
  offer(records::Kind::queued, id, 0, recipient(id).queued);
  sweep();
  may_send = true;
  clock.advance(max_age);
  road->step(now());
  EXPECT_TRUE(out.empty());
  EXPECT_TRUE(attempts().empty());
  EXPECT_FALSE(road->order(Road::Order::drop, RecipientId{id, 0}, now()).ok());
  work();
  EXPECT_THAT(out, SizeIs(1));
}

TEST_F(RoadCleans, WhoCouldNotBeReadWhileHisMessageWasCopiedIsTriedAgain) {
  const auto id = accept({"a@b.example"});
  auto assignment = take();
  offer(records::Kind::accepted, id, 0, recipient(id).message->accepted);
  sweep();
  // The copy is durable, and the road does not know yet.
  road->reported(report_of(std::move(assignment), unread(Reading::missing)));
  road->step(now());
  EXPECT_NE(recipient(id).standing, Standing::held);
  work();
  tell(take(), unread(Reading::missing));  // made before the road knew, so it finds nothing either
  EXPECT_EQ(road->counts().held, 0);
  EXPECT_EQ(take().accepted, recipient(id).message->accepted);
}

TEST_F(RoadCleans, OneGroupAfterTheOther) {
  const auto first = accept({"a@b.example"}, now() + std::chrono::hours(1));
  const auto second = accept({"a@b.example"}, now() + std::chrono::hours(1));
  const auto old_place = recipient(second).queued;
  offer(records::Kind::queued, first, 0, recipient(first).queued);
  sweep();
  offer(records::Kind::queued, second, 0, old_place);
  work();
  EXPECT_NE(recipient(second).queued, old_place) << "within the minute";
}

TEST_F(RoadCleans, WhatIsOutStaysWhereItIs) {
  const auto id = accept({"a@b.example"});
  const auto place = recipient(id).queued;
  offer(records::Kind::queued, id, 0, place);
  sweep();
  work();
  EXPECT_EQ(recipient(id).queued, place);
  tell(take(), taken());
  EXPECT_EQ(live(), 0u);
}

TEST_F(RoadCleans, AHeldRecipientMovesAndStaysHeld) {
  const auto id = accept({"a@b.example"});
  tell(take(), unread(Reading::damaged));
  const auto place = recipient(id).queued;
  offer(records::Kind::queued, id, 0, place);
  sweep();
  work();
  EXPECT_NE(recipient(id).queued, place);
  EXPECT_EQ(recipient(id).standing, Standing::held);
  EXPECT_EQ(*order(Road::Order::release), 1u);
  EXPECT_EQ(road->counts().held, 0);
}

TEST_F(RoadCleans, AnAssignmentWhoseMessageMovedMeanwhileIsTriedAgain) {
  const auto id = accept({"a@b.example"});
  auto assignment = take();
  offer(records::Kind::accepted, id, 1, assignment.accepted);
  sweep();
  work();
  tell(std::move(assignment), unread(Reading::missing));  // it looked at the old place
  const auto again = take();
  EXPECT_EQ(again.to[0].attempt, 1);
  EXPECT_TRUE(is_stored(again.accepted));
}

TEST_F(RoadCleans, ACopyOfAMessageThatEndedMeanwhileIsReleased) {
  const auto id = accept({"a@b.example"});
  auto assignment = take();
  offer(records::Kind::accepted, id, 1, assignment.accepted);
  sweep();
  road->reported(report_of(std::move(assignment), taken()));
  road->step(now());  // the copy is not durable yet when its owner ends
  work();
  EXPECT_THAT(attempts(), SizeIs(1));
  EXPECT_EQ(live(), 0u);
}

// The copy finds room, the outcome does not, and then the process dies: whoever is found again must still
// have his content.
TEST_F(RoadCleans, ACopyOutlivesAnOutcomeThatTheDiskRefused) {
  const auto id = accept({"a@b.example"});
  auto assignment = take();
  offer(records::Kind::accepted, id, 1, assignment.accepted);
  sweep();
  road->reported(report_of(std::move(assignment), answer(250, "2.0.0", std::string(1 << 20, 'x'))));
  road->step(now());         // so long a reply is a batch of its own
  committer->commit_once();  // the copy
  journal->commits_fail = Error{Code::exhausted, "no room"};
  committer->commit_once();
  journal->commits_fail.reset();
  road->step(now());
  committer->commit_once();  // whatever the road had to say then
  EXPECT_TRUE(attempts().empty());
  restart();
  EXPECT_EQ(road->counts().held, 0);
  tell(take(), taken());
  EXPECT_THAT(attempts(), SizeIs(1));
  EXPECT_EQ(live(), 0u);
}

TEST_F(RoadCleans, ACopyThatCouldNotBeMadeChangesNothing) {
  const auto id = accept({"a@b.example"}, now() + std::chrono::hours(1));
  const auto place = recipient(id).queued;
  offer(records::Kind::queued, id, 0, place);
  journal->commits_fail = Error{Code::exhausted, "no room"};
  sweep();
  work();
  journal->commits_fail.reset();
  EXPECT_EQ(recipient(id).queued, place);
  EXPECT_EQ(recipient(id).standing, Standing::waiting);
  advance(std::chrono::hours(1));
  tell(take(), taken());
  EXPECT_EQ(live(), 0u);
}

TEST_F(RoadCleans, APlaceThatIsNobodysIsLeftAlone) {
  const auto id = accept({"a@b.example"}, now() + std::chrono::hours(1));
  const auto groups = journal->counters().groups;
  offer(records::Kind::queued, id, 0, journal::Sequence{999});
  offer(records::Kind::queued, id, 5, recipient(id).queued);
  offer(records::Kind::accepted, MessageId{}, 1, journal::Sequence{1});
  offer(records::Kind::intent, id, 0, recipient(id).queued);
  sweep();
  work();
  EXPECT_EQ(journal->counters().groups, groups);
  EXPECT_EQ(recipient(id).standing, Standing::waiting);
}

}  // namespace
}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#include "flow/queue/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "records/kind.h"

namespace postrider {
namespace {

using journal::Label;
using journal::Sequence;
using records::Kind;
using ::testing::UnorderedElementsAre;

MessageId id(std::uint8_t n) {
  MessageId id;
  id.bytes[15] = n;
  return id;
}

Label label(Kind kind, std::uint8_t message, std::uint32_t n, std::int64_t due = 0, std::uint64_t lane = 0) {
  Label label;
  label.kind = static_cast<std::uint8_t>(kind);
  label.owner = id(message).bytes;
  label.n = n;
  label.due_ms = due;
  label.lane = lane;
  return label;
}

Admission two_variants() {
  Admission admission;
  admission.id = id(1);
  admission.tenant = TenantId{9};
  admission.accepted = Sequence{10};
  admission.since_ms = 1000;
  admission.variants = {{Sequence{11}, 0, 0, 0}, {Sequence{12}, 2, 1, 5000}};
  admission.to = {{Sequence{13}, 0, 1000, 77}, {Sequence{14}, 1, 1000, 77}, {Sequence{15}, 2, 5000, 88}};
  return admission;
}

std::vector<Recipient*> admit(Queue& queue, const Admission& admission) {
  std::vector<Recipient*> out;
  queue.admit(admission, [&](Recipient& recipient) { out.push_back(&recipient); });
  return out;
}

TEST(Queue, FindsThePersonalizationOfEachRecipient) {
  Queue queue;
  auto all = admit(queue, two_variants());
  EXPECT_EQ(all[0]->message->variant_of(0)->sequence, Sequence{11});
  EXPECT_EQ(all[0]->message->variant_of(1)->sequence, Sequence{11});
  EXPECT_EQ(all[0]->message->variant_of(2)->sequence, Sequence{12});
  EXPECT_EQ(all[0]->message->expires_ms(0, 100), 1100);
  EXPECT_EQ(all[0]->message->expires_ms(2, 100), 5100);
}

TEST(Queue, TheLastRecipientReleasesTheMessageToo) {
  Queue queue;
  auto all = admit(queue, two_variants());
  std::vector<Sequence> releases, left_behind;
  queue.intent(*all[0], Sequence{20});
  queue.release_for(*all[0], releases);
  EXPECT_THAT(releases, UnorderedElementsAre(Sequence{13}, Sequence{20}));
  queue.gone(*all[0], left_behind);
  releases.clear();
  queue.release_for(*all[1], releases);
  EXPECT_THAT(releases, UnorderedElementsAre(Sequence{14}));
  queue.gone(*all[1], left_behind);
  releases.clear();
  queue.release_for(*all[2], releases);
  EXPECT_THAT(releases, UnorderedElementsAre(Sequence{15}, Sequence{10}, Sequence{11}, Sequence{12}));
  queue.gone(*all[2], left_behind);
  EXPECT_THAT(left_behind, ::testing::IsEmpty());
  EXPECT_EQ(queue.recipients(), 0u);
  EXPECT_EQ(queue.messages(), 0u);
}

// Their groups may become durable in any order, or one of them not before a crash.
TEST(Queue, WhileOthersAreSettlingTheMessageKeepsItsContent) {
  Queue queue;
  auto all = admit(queue, two_variants());
  std::vector<Sequence> releases, left_behind;
  for (auto* recipient : all) queue.release_for(*recipient, releases);
  EXPECT_THAT(releases, UnorderedElementsAre(Sequence{13}, Sequence{14}, Sequence{15}));
  queue.gone(*all[2], left_behind);
  queue.gone(*all[0], left_behind);
  EXPECT_THAT(left_behind, ::testing::IsEmpty());
  queue.gone(*all[1], left_behind);
  EXPECT_THAT(left_behind, UnorderedElementsAre(Sequence{10}, Sequence{11}, Sequence{12}));
  EXPECT_EQ(queue.messages(), 0u);
}

TEST(Queue, RestoresInAnyOrderAndMarksDoubt) {
  Queue queue;
  queue.restore(Sequence{5}, label(Kind::intent, 1, 1));
  queue.restore(Sequence{4}, label(Kind::queued, 1, 1, 3000, 88));
  queue.restore(Sequence{3}, label(Kind::queued, 1, 0, 2000, 77));
  queue.restore(Sequence{9}, label(Kind::accepted, 1, 2, 1000, 42));
  const auto restored = queue.restored(0);
  ASSERT_EQ(restored.waiting.size(), 2u);
  EXPECT_TRUE(restored.orphans.empty());
  auto* doubtful = queue.find(RecipientId{id(1), 1});
  ASSERT_NE(doubtful, nullptr);
  EXPECT_TRUE(doubtful->in_doubt);
  EXPECT_FALSE(queue.find(RecipientId{id(1), 0})->in_doubt);
  EXPECT_EQ(doubtful->message->tenant, TenantId{42});
  EXPECT_EQ(doubtful->message->since_ms, 1000);
  EXPECT_EQ(queue.lane_hash(doubtful->lane), 88u);
}

TEST(Queue, RecordsThatNobodyNeedsAreOrphans) {
  Queue queue;
  queue.restore(Sequence{1}, label(Kind::accepted, 1, 1, 1000, 42));
  queue.restore(Sequence{2}, label(Kind::variant, 1, 0));
  queue.restore(Sequence{3}, label(Kind::intent, 1, 0));
  EXPECT_THAT(queue.restored(0).orphans, UnorderedElementsAre(Sequence{1}, Sequence{2}, Sequence{3}));
  EXPECT_EQ(queue.messages(), 0u);
}

TEST(Queue, ARecipientWithoutContentIsHeld) {
  Queue queue;
  queue.restore(Sequence{3}, label(Kind::queued, 1, 0, 2000, 77));
  const auto restored = queue.restored(0);
  ASSERT_EQ(restored.waiting.size(), 1u);
  EXPECT_EQ(restored.waiting[0]->standing, Standing::held);
}

TEST(Queue, WhoComesBeforeEveryPersonalizationThatIsLeftHasLostHisOwn) {
  Queue queue;
  queue.restore(Sequence{1}, label(Kind::accepted, 1, 3));
  queue.restore(Sequence{3}, label(Kind::variant, 1, 2, 0, 1));
  for (std::uint32_t n = 0; n < 3; ++n) queue.restore(Sequence{4u + n}, label(Kind::queued, 1, n));
  for (const auto* recipient : queue.restored(0).waiting) {
    const bool lost = recipient->n < 2;
    EXPECT_EQ(recipient->standing, lost ? Standing::held : Standing::waiting) << recipient->n;
    EXPECT_EQ(recipient->reason, lost ? Reason::damaged : Reason::none);
  }
}

TEST(Queue, TellsItsOwnIntentsFromAnotherNodes) {
  Queue queue;
  for (const std::uint8_t message : std::initializer_list<std::uint8_t>{1, 2}) {
    queue.restore(Sequence{message}, label(Kind::accepted, message, 1));
    queue.restore(Sequence{message + 2u}, label(Kind::queued, message, 0, 2000, 77));
    queue.restore(Sequence{message + 4u}, label(Kind::intent, message, 0, 0, /*node*/ message));
  }
  const auto restored = queue.restored(2);
  ASSERT_THAT(restored.waiting, ::testing::SizeIs(1));
  EXPECT_EQ(restored.waiting[0]->id().message, id(2));
  ASSERT_THAT(restored.uncertain, ::testing::SizeIs(1));
  EXPECT_EQ(restored.uncertain[0]->id().message, id(1));
  EXPECT_TRUE(restored.uncertain[0]->in_doubt);
}

TEST(Queue, ADoubtIsWrittenDownWithWhatMoves) {
  Queue queue;
  auto all = admit(queue, two_variants());
  EXPECT_EQ(queue.label(*all[0]), label(Kind::queued, 1, 0, 1000, 77));
  all[0]->in_doubt = true;
  const auto doubtful = queue.label(*all[0]);
  EXPECT_EQ(doubtful, label(Kind::uncertain, 1, 0, 1000, 77));
  Queue next;
  next.restore(Sequence{1}, label(Kind::accepted, 1, 3));
  next.restore(Sequence{2}, doubtful);
  EXPECT_TRUE(next.restored(0).waiting.at(0)->in_doubt);
}

constexpr std::int64_t hour = Parking::hour_ms;

Admission due_at(std::int64_t first_ms, std::int64_t second_ms) {
  auto admission = two_variants();
  for (auto& to : admission.to) to.due_ms = to.n == 2 ? second_ms : first_ms;
  return admission;
}

Recalled everything(const Recall& by = {}) {
  Recalled all;
  all.number = by.number;
  all.records.emplace_back(Sequence{10}, label(Kind::accepted, 1, 3, 1000, 9));
  all.records.emplace_back(Sequence{11}, label(Kind::variant, 1, 0));
  all.records.emplace_back(Sequence{12}, label(Kind::variant, 1, 2, 5000, 1));
  all.records.emplace_back(Sequence{13}, label(Kind::queued, 1, 0, 30 * hour, 77));
  all.records.emplace_back(Sequence{14}, label(Kind::queued, 1, 1, 30 * hour, 77));
  all.records.emplace_back(Sequence{15}, label(Kind::queued, 1, 2, 40 * hour, 88));
  return all;
}

TEST(Queue, LetsGoOfAMessageWhoseRecipientsAllWaitForLong) {
  Queue queue;
  auto all = admit(queue, due_at(30 * hour, 40 * hour));
  auto& message = *all[0]->message;
  ASSERT_TRUE(queue.parkable(message, Sequence{16}, 20 * hour));
  queue.park(message);
  EXPECT_EQ(queue.recipients(), 0u);
  EXPECT_EQ(queue.messages(), 0u);
  EXPECT_EQ(queue.parking().recipients(), 3u);
  EXPECT_TRUE(queue.parking().due(29 * hour).hashes.empty());
  const auto due = queue.parking().due(30 * hour - Parking::lead_ms);
  EXPECT_TRUE(due.wants(id(1))) << "in the hour of the first of them";
  MessageId other;
  other.bytes.fill(7);
  EXPECT_FALSE(due.wants(other));

  const auto back = queue.take_back(everything());
  EXPECT_THAT(back.waiting, ::testing::SizeIs(3));
  EXPECT_TRUE(back.orphans.empty());
  EXPECT_EQ(queue.parking().recipients(), 0u);
  auto* second = queue.find(RecipientId{id(1), 2});
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->queued, Sequence{15});
  EXPECT_EQ(second->due_ms, 40 * hour);
  EXPECT_EQ(second->message->variant_of(2)->sequence, Sequence{12});
  EXPECT_EQ(second->message->variant_of(2)->index, 1u);
  EXPECT_THAT(queue.take_back(everything()).waiting, ::testing::IsEmpty()) << "they are here";
  EXPECT_EQ(queue.recipients(), 3u);
}

TEST(Queue, WhoCameBackAndWentIsNotBroughtBackByALateRecall) {
  Queue queue;
  auto all = admit(queue, due_at(30 * hour, 40 * hour));
  queue.park(*all[0]->message);
  Recall of_the_hour, of_an_operator;
  queue.parking().begin(of_the_hour);
  queue.parking().begin(of_an_operator);
  for (auto* recipient : queue.take_back(everything(of_an_operator)).waiting) {
    std::vector<Sequence> releases;
    queue.release_for(*recipient, releases);
    queue.gone(*recipient, releases);
  }
  queue.parking().end();
  EXPECT_EQ(queue.recipients(), 0u);
  EXPECT_THAT(queue.take_back(everything(of_the_hour)).waiting, ::testing::IsEmpty());
  queue.parking().end();
}

TEST(Queue, WhoWasParkedAgainComesBackByALaterRecallOnly) {
  Queue queue;
  auto all = admit(queue, due_at(30 * hour, 40 * hour));
  Recall before, after;
  queue.parking().begin(before);  // for somebody else, or because a hash is the same
  queue.park(*all[0]->message);
  queue.parking().begin(after);
  EXPECT_THAT(queue.take_back(everything(before)).waiting, ::testing::IsEmpty());
  queue.parking().end();
  EXPECT_EQ(queue.parking().recipients(), 3u);
  EXPECT_THAT(queue.take_back(everything(after)).waiting, ::testing::SizeIs(3));
  queue.parking().end();
}

TEST(Queue, KeepsInMemoryWhoeverSomethingMayHappenTo) {
  const auto parkable = [](std::int64_t first, std::int64_t second, auto change,
                           std::uint64_t recallable = 16) {
    Queue queue;
    auto all = admit(queue, due_at(first, second));
    change(queue, all);
    return queue.parkable(*all[0]->message, Sequence{recallable}, 20 * hour);
  };
  const auto nothing = [](Queue&, auto&) {};
  EXPECT_TRUE(parkable(30 * hour, 40 * hour, nothing));
  EXPECT_FALSE(parkable(30 * hour, 21 * hour, nothing)) << "one is due soon";
  EXPECT_FALSE(parkable(30 * hour, 40 * hour, nothing, 15)) << "the journal would not tell of one";
  EXPECT_FALSE(parkable(30 * hour, 40 * hour, nothing, 10)) << "nor of the message";
  EXPECT_FALSE(
      parkable(30 * hour, 40 * hour, [](Queue&, auto& all) { all[1]->standing = Standing::settling; }));
  EXPECT_FALSE(parkable(30 * hour, 40 * hour, [](Queue&, auto& all) { all[1]->standing = Standing::held; }));
  EXPECT_FALSE(parkable(30 * hour, 40 * hour, [](Queue&, auto& all) { all[1]->message->copying = 1; }));
  EXPECT_FALSE(
      parkable(30 * hour, 40 * hour, [](Queue& queue, auto& all) { queue.intent(*all[1], Sequence{9}); }));
}

TEST(Queue, NeverMovesWhatIsInFlight) {
  Queue queue;
  auto all = admit(queue, two_variants());
  auto of = [&](Recipient& recipient) {
    return queue.movable({recipient.queued, label(Kind::queued, 1, recipient.n)}).recipient;
  };
  EXPECT_EQ(of(*all[0]), all[0]);
  all[0]->standing = Standing::picked;
  EXPECT_EQ(of(*all[0]), nullptr);
  all[0]->standing = Standing::settling;
  EXPECT_EQ(of(*all[0]), nullptr);
}

TEST(Queue, WhoIsParkedCostsAHashAndLeavesHisRoomToTheNext) {
  Queue queue;
  std::size_t after_first = 0;
  constexpr std::size_t wave = 10'000, waves = 10;
  for (std::size_t i = 0; i < wave * waves; ++i) {
    auto admission = due_at(30 * hour, 40 * hour);
    std::memcpy(admission.id.bytes.data(), &i, sizeof i);
    queue.park(*admit(queue, admission)[0]->message);
    if (i + 1 == wave) after_first = queue.bytes();
  }
  EXPECT_EQ(queue.parking().recipients(), 3 * wave * waves);
  EXPECT_LE(queue.bytes() - after_first, 16 * wave * (waves - 1))
      << "8 bytes a message, in a list that grows by doubling";
}

TEST(Queue, MemoryPerWaitingRecipientIsWithinItsShareOfTheBudget) {
  // 256 bytes in all (design 2); the engine takes about 24 for each of two records, the table up to 22.
  EXPECT_LE(sizeof(Message) + sizeof(Recipient), 136u);
  EXPECT_LE(sizeof(VariantRef), 24u);
}

}  // namespace
}  // namespace postrider

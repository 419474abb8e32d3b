// SPDX-License-Identifier: Apache-2.0
#include "flow/queue/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  admission.variants = {{Sequence{11}, 0, 0}, {Sequence{12}, 2, 5000}};
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
  std::vector<Sequence> releases;
  queue.intent(*all[0], Sequence{20});
  queue.release_for(*all[0], releases);
  EXPECT_THAT(releases, UnorderedElementsAre(Sequence{13}, Sequence{20}));
  releases.clear();
  queue.release_for(*all[1], releases);
  EXPECT_THAT(releases, UnorderedElementsAre(Sequence{14}));
  releases.clear();
  queue.release_for(*all[2], releases);
  EXPECT_THAT(releases, UnorderedElementsAre(Sequence{15}, Sequence{10}, Sequence{11}, Sequence{12}));
  for (auto* recipient : all) queue.gone(*recipient);
  EXPECT_EQ(queue.recipients(), 0u);
  EXPECT_EQ(queue.messages(), 0u);
}

TEST(Queue, RestoresInAnyOrderAndMarksDoubt) {
  Queue queue;
  queue.restore(Sequence{5}, label(Kind::intent, 1, 1));
  queue.restore(Sequence{4}, label(Kind::queued, 1, 1, 3000, 88));
  queue.restore(Sequence{3}, label(Kind::queued, 1, 0, 2000, 77));
  queue.restore(Sequence{9}, label(Kind::accepted, 1, 2, 1000, 42));
  const auto restored = queue.restored();
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
  EXPECT_THAT(queue.restored().orphans, UnorderedElementsAre(Sequence{1}, Sequence{2}, Sequence{3}));
  EXPECT_EQ(queue.messages(), 0u);
}

TEST(Queue, ARecipientWithoutContentIsHeld) {
  Queue queue;
  queue.restore(Sequence{3}, label(Kind::queued, 1, 0, 2000, 77));
  const auto restored = queue.restored();
  ASSERT_EQ(restored.waiting.size(), 1u);
  EXPECT_EQ(restored.waiting[0]->standing, Standing::held);
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

TEST(Queue, MemoryPerWaitingRecipientIsWithinItsShareOfTheBudget) {
  // 256 bytes in all (design 2); the engine takes about 24 for each of two records, the table up to 22.
  EXPECT_LE(sizeof(Message) + sizeof(Recipient), 136u);
}

}  // namespace
}  // namespace postrider

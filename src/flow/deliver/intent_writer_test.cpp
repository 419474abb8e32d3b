// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/intent_writer.h"

#include <map>

#include "flow/deliver/delivery_fixture.h"
#include "records/kind.h"

namespace postrider {
namespace {

class IntentTest : public DeliveryTest {
 protected:
  static Assignment three() {
    Assignment out;
    out.message.bytes.fill(9);
    for (std::uint32_t n : {4u, 7u, 8u})
      out.to.push_back({nullptr, n, {}, static_cast<std::uint16_t>(n + 1)});
    return out;
  }
  std::optional<Result<journal::Sequence>> answer_;
  using Asked = std::shared_ptr<IntentWriter::Answer>;
  Asked note(Assignment assignment) { return writer_.note(assignment, clock_.wall()); }
  void ask(Asked intent) {
    spawn([](Asked asked, std::optional<Result<journal::Sequence>>& answer) -> Task<void> {
      answer.emplace(co_await *asked);
    }(std::move(intent), answer_));
  }
  IntentWriter writer_{*committer_, executor_, 5};
};

TEST_F(IntentTest, IsOneRecordForEachRecipientThatSaysWhoAndWhichAttempt) {
  ask(note(three()));
  EXPECT_FALSE(answer_) << "nothing is durable yet";
  ASSERT_TRUE(run_until([&] { return answer_.has_value(); }));
  ASSERT_TRUE(answer_->ok());
  std::map<std::uint64_t, journal::Label> found;
  testing::ReferenceJournal next(database_, clock_, {});
  ASSERT_TRUE(
      next.recover([&](journal::Sequence place, const journal::Label& label) { found[place.value] = label; })
          .ok());
  ASSERT_EQ(found.size(), 3u);
  std::uint64_t place = (*answer_)->value;
  for (std::uint32_t n : {4u, 7u, 8u}) {
    const auto& label = found.at(place++);
    EXPECT_EQ(label.kind, static_cast<std::uint8_t>(records::Kind::intent));
    EXPECT_EQ(label.owner, three().message.bytes);
    EXPECT_EQ(label.n, n);
    EXPECT_EQ(label.attempt, n + 1);
    EXPECT_EQ(label.lane, 5u);
  }
}

TEST_F(IntentTest, TheAnswerMayComeBeforeItIsAskedFor) {
  const auto intent = note(three());
  executor_.run();
  commit();
  executor_.run();
  ask(intent);
  ASSERT_TRUE(answer_);
  EXPECT_TRUE(answer_->ok());
}

TEST_F(IntentTest, ThoseOfOneTurnAreOneGroup) {
  const auto first = note(three()), second = note(three());
  EXPECT_EQ(committer_->waiting(), 0u);
  executor_.run();
  EXPECT_EQ(committer_->waiting(), 1u);
  const auto next_turn = note(three());
  executor_.run();
  EXPECT_EQ(committer_->waiting(), 2u);
  commit();
  executor_.run();
  ask(first);
  const auto place = answer_->value();
  ask(second);
  EXPECT_EQ(answer_->value().value, place.value + 3);
  ask(next_turn);
  EXPECT_GE(answer_->value().value, place.value + 6);
}

TEST_F(IntentTest, WhatCannotBeRecordedIsSaid) {
  lose_the_stream();
  ask(note(three()));
  ASSERT_TRUE(run_until([&] { return answer_.has_value(); }));
  EXPECT_EQ(answer_->error().code, Code::fenced);
}

}  // namespace
}  // namespace postrider

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
  void ask(Intent& intent) {
    spawn([](Intent& asked, std::optional<Result<journal::Sequence>>& answer) -> Task<void> {
      answer.emplace(co_await asked.durable());
    }(intent, answer_));
  }
};

TEST_F(IntentTest, IsOneRecordForEachRecipientThatSaysWhoAndWhichAttempt) {
  Intent intent(*committer_, executor_, 5, three(), clock_.wall());
  ask(intent);
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
  Intent intent(*committer_, executor_, 0, three(), clock_.wall());
  commit();
  executor_.run();
  ask(intent);
  ASSERT_TRUE(answer_);
  EXPECT_TRUE(answer_->ok());
}

TEST_F(IntentTest, WhatCannotBeRecordedIsSaid) {
  lose_the_stream();
  Intent intent(*committer_, executor_, 0, three(), clock_.wall());
  ask(intent);
  ASSERT_TRUE(run_until([&] { return answer_.has_value(); }));
  EXPECT_EQ(answer_->error().code, Code::fenced);
}

}  // namespace
}  // namespace postrider

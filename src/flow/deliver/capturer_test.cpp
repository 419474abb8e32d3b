// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/capturer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "testing/memory_log.h"
#include "testing/stores.h"

namespace postrider {
namespace {

using testing::test_time;

class CapturerTest : public ::testing::Test {
 protected:
  CapturerTest() { EXPECT_TRUE(store_->migrate(std::array{&capture::schema()}, test_time).ok()); }
  static Prepared message(std::uint8_t n, std::vector<std::string> emails) {
    Prepared out;
    out.assignment.message.bytes.fill(n);
    out.assignment.tenant = TenantId{1};
    for (std::uint32_t i = 0; i < emails.size(); ++i) out.assignment.to.push_back({nullptr, i, {}, 1});
    out.emails = std::move(emails);
    out.sender = "from@sender.test";
    out.head = "DKIM-Signature: x\r\nFrom: \"A\"\r\n <from@sender.test>\r\nSubject: Hi\r\n\r\n";
    auto body = std::make_shared<Body>();
    body->wire = "Hello\r\n..dot\r\n";
    out.body = std::move(body);
    return out;
  }

  std::unique_ptr<testing::StoreEngine> engine_ = testing::make_engine("memory");
  std::unique_ptr<store::Store> store_ = engine_->open();
  capture::Captures captures_{*store_};
  testing::MemoryLog log_;
  std::array<io::WorkCells::Cell, 1> cell_{};
  io::WorkCells cells_{cell_};
  std::vector<Report> reports_;
  Capturer capturer_{captures_, cells_, [this](Report one) { reports_.push_back(std::move(one)); }, log_};
};

TEST_F(CapturerTest, KeepsWhatWouldHaveArrivedOncePerRecipient) {
  capturer_.add(message(1, {"a@d.test", "b@d.test"}));
  EXPECT_TRUE(capturer_.step(test_time));
  const auto list = captures_.list_all(test_time, 0, 10).value();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[1].rcpt, "a@d.test");
  EXPECT_EQ(list[1].mail_from, "from@sender.test");
  EXPECT_EQ(list[1].from, "\"A\" <from@sender.test>") << "unfolded";
  EXPECT_EQ(list[1].subject, "Hi");
  EXPECT_TRUE(captures_.show_any(list[1].id, test_time).value()->raw.ends_with("\r\n\r\nHello\r\n.dot\r\n"));
  ASSERT_EQ(reports_.size(), 1u);
  ASSERT_EQ(reports_[0].results.size(), 2u);
  EXPECT_EQ(reports_[0].results[1].code, 250);
  EXPECT_EQ(reports_[0].results[1].email, "b@d.test");
  EXPECT_TRUE(cells_.busy().empty());
}

TEST_F(CapturerTest, TheSameMessageAgainChangesNothing) {
  for (int i = 0; i < 2; ++i) {
    capturer_.add(message(1, {"a@d.test"}));
    capturer_.step(test_time);
  }
  EXPECT_EQ(captures_.list_all(test_time, 0, 10).value().size(), 1u);
  EXPECT_EQ(reports_.size(), 2u);
  EXPECT_EQ(reports_[1].results[0].code, 250);
}

TEST_F(CapturerTest, WhatHasGatheredIsStoredTogether) {
  for (std::uint8_t n = 1; n <= 10; ++n) capturer_.add(message(n, {"a@d.test"}));
  EXPECT_TRUE(capturer_.step(test_time));
  EXPECT_FALSE(capturer_.step(test_time)) << "there is nothing left";
  EXPECT_EQ(reports_.size(), 10u);
}

TEST_F(CapturerTest, MuchIsStoredInParts) {
  Capturer small(captures_, cells_, [this](Report one) { reports_.push_back(std::move(one)); }, log_, 1000);
  auto large = message(1, {"a@d.test", "b@d.test", "c@d.test", "d@d.test", "e@d.test"});
  auto body = std::make_shared<Body>();
  body->wire = std::string(400, 'x') + "\r\n";
  large.body = body;
  const auto transactions_for = [&](Prepared prepared) {
    const auto before = store_->statements_run();
    small.add(std::move(prepared));
    small.add(message(2, {"f@d.test"}));
    EXPECT_TRUE(small.step(test_time));
    return store_->statements_run() - before;
  };
  EXPECT_EQ(transactions_for(std::move(large)), 2u) << "three messages of more than 400 bytes are a thousand";
  ASSERT_EQ(reports_.size(), 1u) << "the next one waits for the next step";
  EXPECT_EQ(reports_[0].results.size(), 5u);
  EXPECT_EQ(captures_.list_all(test_time, 0, 10)->size(), 5u);
  EXPECT_TRUE(small.step(test_time));
  EXPECT_FALSE(small.step(test_time));
  EXPECT_EQ(captures_.list_all(test_time, 0, 10)->size(), 6u);
}

TEST_F(CapturerTest, AStoreThatDoesNotTakeItMeansLater) {
  auto closed = engine_->open();  // without the tables
  capture::Captures captures(*closed);
  Capturer capturer(captures, cells_, [this](Report one) { reports_.push_back(std::move(one)); }, log_);
  capturer.add(message(1, {"a@d.test"}));
  EXPECT_TRUE(capturer.step(test_time));
  ASSERT_EQ(reports_.size(), 1u);
  EXPECT_EQ(reports_[0].results[0].fate, Fate::local);
  EXPECT_EQ(reports_[0].results[0].code, 0);
  EXPECT_EQ(reports_[0].results[0].status, "4.3.0");
  EXPECT_TRUE(log_.has("capture_failed"));
}

TEST_F(CapturerTest, WaitingEndsWhenSomethingComes) {
  std::jthread other([&] { capturer_.add(message(1, {"a@d.test"})); });
  capturer_.wait(std::chrono::minutes(1));
  EXPECT_TRUE(capturer_.step(test_time));
}

}  // namespace
}  // namespace postrider

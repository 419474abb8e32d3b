// SPDX-License-Identifier: Apache-2.0
#include "services/capture/captures.h"

#include <gtest/gtest.h>

#include "testing/stores.h"

namespace postrider::capture {
namespace {

using testing::test_time;

const Tenant one = recorded_tenant(TenantId{1});
const Tenant two = recorded_tenant(TenantId{2});

CapturedMessage message(int n, const Tenant& tenant = one, Time captured = test_time) {
  return {tenant.id(),
          "r" + std::to_string(n),
          "bounce@example.com",
          "to@example.net",
          "\"A\" <a@example.com>",
          "Subject \xe9\0" + std::to_string(n),
          captured,
          std::make_shared<std::string>("Subject: x\r\n\r\n" + std::string(1, '\0') + "body\xff")};
}

class CapturesTest : public testing::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped() || HasFailure()) return;
    store = open({&schema()});
  }
  std::unique_ptr<store::Store> store;
};

TEST_P(CapturesTest, ShowsWhatWasAppended) {
  Captures captures(*store);
  const auto sent = message(1);
  ASSERT_TRUE(captures.append({&sent, 1}).ok());
  const auto listed = captures.list(one, test_time, 0, 10).value();
  ASSERT_EQ(listed.size(), 1u);
  const auto shown = captures.show(one, listed[0].id, test_time).value().value();
  EXPECT_EQ(shown.raw, *sent.raw);
  EXPECT_EQ(shown.summary.tenant, one.id());
  EXPECT_EQ(shown.summary.recipient_id, "r1");
  EXPECT_EQ(shown.summary.mail_from, sent.mail_from);
  EXPECT_EQ(shown.summary.rcpt, sent.rcpt);
  EXPECT_EQ(shown.summary.from, sent.from);
  EXPECT_EQ(shown.summary.subject, sent.subject);
  EXPECT_EQ(shown.summary.captured, test_time);
  EXPECT_EQ(shown.summary.size, static_cast<std::int64_t>(sent.raw->size()));
}

TEST_P(CapturesTest, PagesNewestFirstAndKeepsTenantsApart) {
  Captures captures(*store);
  std::vector<CapturedMessage> messages;
  for (int i = 0; i < 10; ++i) messages.push_back(message(i, i % 2 ? two : one));
  ASSERT_TRUE(captures.append(messages).ok());
  const auto first = captures.list(one, test_time, 0, 3).value();
  ASSERT_EQ(first.size(), 3u);
  EXPECT_EQ(first[0].recipient_id, "r8");
  const auto rest = captures.list(one, test_time, first[2].id, 3).value();
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest[1].recipient_id, "r0");
  EXPECT_FALSE(captures.show(two, rest[1].id, test_time)->has_value());
  EXPECT_TRUE(captures.show_any(rest[1].id, test_time)->has_value());
  EXPECT_EQ(captures.list_all(test_time, 0, 100)->size(), 10u);
  EXPECT_FALSE(captures.show_any(999, test_time)->has_value());
}

TEST_P(CapturesTest, ARetryAddsNothing) {
  Captures captures(*store);
  const std::vector<CapturedMessage> messages{message(1), message(2)};
  ASSERT_TRUE(captures.append(messages).ok());
  ASSERT_TRUE(captures.append(messages).ok());
  EXPECT_TRUE(captures.append({}).ok());
  EXPECT_EQ(captures.list(one, test_time, 0, 10)->size(), 2u);
}

// At the limit it is hidden at once; the sweep destroys it and nothing younger.
TEST_P(CapturesTest, NothingOutlivesItsDays) {
  Captures captures(*store);
  const auto old = test_time - std::chrono::days(kept_days);
  const std::vector<CapturedMessage> messages{
      message(1, one, old), message(2, one, old + std::chrono::hours(1)), message(3, one, old)};
  ASSERT_TRUE(captures.append(messages).ok());
  const auto just_before = test_time - std::chrono::milliseconds(1);
  EXPECT_EQ(captures.list(one, just_before, 0, 10)->size(), 3u);
  const auto left = captures.list(one, test_time, 0, 10).value();
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].recipient_id, "r2");
  EXPECT_FALSE(captures.show(one, left[0].id - 1, test_time)->has_value());
  EXPECT_FALSE(captures.show_any(left[0].id - 1, test_time)->has_value());
  EXPECT_EQ(captures.list_all(test_time, 0, 10)->size(), 1u);

  const auto probe = captures.probes().front();
  EXPECT_EQ(std::get<std::int64_t>(probe.measure(test_time).value()), 30 * 86400);
  EXPECT_EQ(captures.sweep(just_before).value(), 0);
  EXPECT_EQ(captures.sweep(test_time, 1).value(), 1);
  EXPECT_EQ(captures.sweep(test_time, 10).value(), 1);
  EXPECT_EQ(captures.sweep(test_time).value(), 0);
  EXPECT_EQ(std::get<std::int64_t>(probe.measure(test_time).value()), 30 * 86400 - 3600);
  ASSERT_TRUE(captures.sweep(test_time + std::chrono::hours(1)).ok());
  EXPECT_EQ(std::get<std::int64_t>(probe.measure(test_time).value()), 0);
}

TEST_P(CapturesTest, AnOperatorMayWantThemKeptForLess) {
  Captures captures(*store, std::chrono::days(2));
  const auto sent = message(1);
  ASSERT_TRUE(captures.append({&sent, 1}).ok());
  const auto limit = test_time + std::chrono::days(2);
  EXPECT_EQ(captures.list(one, limit - std::chrono::milliseconds(1), 0, 10)->size(), 1u);
  EXPECT_EQ(captures.list(one, limit, 0, 10)->size(), 0u);
  EXPECT_EQ(captures.sweep(limit).value(), 1);
}

INSTANTIATE_TEST_SUITE_P(Engines, CapturesTest, testing::engines, testing::engine_name);

}  // namespace
}  // namespace postrider::capture

// SPDX-License-Identifier: Apache-2.0
#include "readers/activity/activity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "protocol/json/value.h"
#include "testing/fake_clock.h"
#include "testing/stores.h"

namespace postrider::activity {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const Tenant mine = recorded_tenant(TenantId{7});
const Tenant theirs = recorded_tenant(TenantId{8});
constexpr auto day = std::chrono::days(1);

MessageId message_id(std::uint8_t n) {
  MessageId id;
  id.bytes[15] = n;
  return id;
}

class ActivityTest : public testing::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped()) return;
    store = open({&schema()});
    activity.emplace(*store);
  }

  Processed processed(std::uint8_t message, std::uint32_t recipients = 1) const {
    Processed event;
    event.at = now;
    event.tenant = mine.id();
    event.message = message_id(message);
    event.from = "from@example.com";
    event.subject = "for all";
    event.categories = {"one", "t\"wo"};
    event.parts.resize(2);
    event.parts[0].custom_args = {{"id", "7"}};
    event.parts[1].subject = "for the last";
    for (std::uint32_t n = 0; n < recipients; ++n)
      event.parts[n + 1 == recipients && n > 0 ? 1 : 0].recipients.push_back(
          {n, "r" + std::to_string(n) + "@example.org", {}});
    return event;
  }
  Attempted attempted(std::uint8_t message, EventKind kind, std::uint16_t attempt,
                      std::uint32_t n = 0) const {
    Attempted event;
    event.kind = kind;
    event.at = now + std::chrono::minutes(attempt);
    event.tenant = mine.id();
    event.recipient = {message_id(message), n};
    event.email = "r" + std::to_string(n) + "@example.org";
    event.attempt = attempt;
    event.response = "250 OK";
    event.ip = "192.0.2.1";
    return event;
  }
  void tell(const std::vector<Event>& events) {
    std::vector<readers::Told> told;
    for (const auto& event : events) told.push_back({told.size() + 1, event});
    const auto done = store::writing(*store, [&](store::Transaction& tx) -> Result<void> {
      PR_TRY(effect.apply(tx, told));
      return tx.commit_system("test");
    });
    ASSERT_TRUE(done.ok()) << done.error().detail;
  }
  std::optional<Timeline> timeline(std::uint8_t message, std::uint32_t n = 0, const Tenant& tenant = mine) {
    auto found = activity->timeline(tenant, {message_id(message), n}, now);
    EXPECT_TRUE(found.ok()) << (found ? "" : found.error().detail);
    return found ? *found : std::nullopt;
  }

  Time now = testing::test_time;
  std::unique_ptr<store::Store> store;
  ActivityEffect effect;
  std::optional<Activity> activity;
};

TEST_P(ActivityTest, a_part_carries_the_requests_arguments_and_its_own) {
  auto event = processed(1, 2);
  event.custom_args = {{"campaign", "spring"}, {"id", "of all"}};
  tell({event});
  EXPECT_EQ(timeline(1, 0)->message.custom_args, R"({"campaign":"spring","id":"7"})");
  EXPECT_EQ(timeline(1, 1)->message.custom_args, R"({"campaign":"spring","id":"of all"})");
}

TEST_P(ActivityTest, what_happened_to_a_message) {
  auto deferred = attempted(1, EventKind::deferred, 1);
  deferred.response = "451 later";
  auto delivered = attempted(1, EventKind::delivered, 2);
  delivered.tls_version = "TLSv1.3";
  delivered.tls_cipher = "TLS_AES_256_GCM_SHA384";
  delivered.certificate_valid = true;
  delivered.tls_policy = TlsPolicy::remembered;
  tell({processed(1), deferred});
  EXPECT_EQ(timeline(1)->message.status, Status::deferred);
  tell({delivered});

  const auto found = timeline(1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->message.status, Status::delivered);
  EXPECT_EQ(found->message.attempts, 2u);
  EXPECT_EQ(found->message.since, now);
  EXPECT_EQ(found->message.last_event, now + std::chrono::minutes(2));
  const auto id = to_string(message_id(1)) + ".postrider.0";
  EXPECT_EQ(
      to_json(*found),
      R"({"id":")" + id +
          R"(","to":"r0@example.org","from":"from@example.com","subject":"for all","state":"delivered",)" +
          R"("last_event":1800000120,"categories":["one","t\"wo"],"custom_args":{"id":"7"},"events":[)" +
          R"({"event":"processed","timestamp":1800000000,"sg_event_id":")" +
          event_id(EventKind::processed, found->message.id, 0) + R"("},)" +
          R"({"event":"deferred","timestamp":1800000060,"sg_event_id":")" +
          event_id(EventKind::deferred, found->message.id, 1) +
          R"(","attempt":1,"response":"451 later","ip":"192.0.2.1"},)" +
          R"({"event":"delivered","timestamp":1800000120,"sg_event_id":")" +
          event_id(EventKind::delivered, found->message.id, 2) +
          R"(","attempt":2,"response":"250 OK","ip":"192.0.2.1","tls":{"version":"TLSv1.3",)" +
          R"("cipher":"TLS_AES_256_GCM_SHA384","certificate_valid":true},"tls_policy":"remembered"}]})");
}

TEST_P(ActivityTest, every_recipient_has_a_row) {
  tell({processed(1, 3), attempted(1, EventKind::bounce, 1, 1)});
  const auto rows = activity->recipients(mine, message_id(1), now);
  ASSERT_TRUE(rows.ok());
  ASSERT_THAT(*rows, SizeIs(3));
  EXPECT_EQ((*rows)[0].status, Status::processed);
  EXPECT_EQ((*rows)[1].status, Status::not_delivered);
  EXPECT_EQ((*rows)[1].subject, "for all");
  EXPECT_EQ((*rows)[2].subject, "for the last");
  EXPECT_EQ((*rows)[2].custom_args, "{}");
}

TEST_P(ActivityTest, another_tenant_sees_nothing) {
  tell({processed(1)});
  EXPECT_FALSE(timeline(1, 0, theirs));
  EXPECT_THAT(*activity->recipients(theirs, message_id(1), now), IsEmpty());
  EXPECT_EQ(activity->owner(message_id(1)).value(), mine.id());
  EXPECT_EQ(activity->owner(message_id(2)).value(), std::nullopt);
}

TEST_P(ActivityTest, the_same_events_in_any_order_and_any_number_of_times) {
  const std::vector<Event> events{processed(1), attempted(1, EventKind::deferred, 1),
                                  attempted(1, EventKind::deferred, 2),
                                  attempted(1, EventKind::delivered, 3)};
  std::vector<int> order{0, 1, 2, 3};
  std::string expected;
  std::uint8_t message = 0;
  do {
    // Once in one page, once each by itself, and everything again.
    for (const bool together : {true, false}) {
      ++message;
      std::vector<Event> shuffled;
      for (const int i : order) {
        auto event = events[static_cast<std::size_t>(i)];
        if (auto* one = std::get_if<Processed>(&event))
          one->message = message_id(message);
        else
          std::get<Attempted>(event).recipient.message = message_id(message);
        shuffled.push_back(event);
      }
      if (together)
        tell(shuffled);
      else
        for (const auto& event : shuffled) tell({event});
      shuffled.insert(shuffled.end(), shuffled.begin(), shuffled.end());
      tell(shuffled);
      auto found = timeline(message);
      ASSERT_TRUE(found);
      found->message.id.message = message_id(0);
      const auto text = to_json(*found) + std::to_string(millis(found->message.since)) +
                        std::to_string(found->message.attempts);
      if (expected.empty()) expected = text;
      EXPECT_EQ(text, expected);
    }
  } while (std::ranges::next_permutation(order).found);
}

TEST_P(ActivityTest, what_a_server_says_may_be_any_bytes) {
  auto event = attempted(1, EventKind::bounce, 1);
  event.response = std::string("550 \xff\0 caf\xC3\xA9", 12);
  event.refusal = Refusal::blocked;
  event.possible_duplicate = true;
  tell({processed(1), event});
  const auto found = timeline(1);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->events[1].response, "550 ?? caf??");
  EXPECT_EQ(found->events[1].refusal, Refusal::blocked);
  EXPECT_TRUE(found->events[1].possible_duplicate);
  EXPECT_TRUE(json::parse(to_json(*found)).has_value());
}

TEST_P(ActivityTest, hidden_at_thirty_days_and_then_destroyed) {
  tell({processed(1, 700)});
  now += 10 * day;
  tell({processed(2)});
  now += 20 * day - std::chrono::milliseconds(1);
  EXPECT_TRUE(timeline(1));
  EXPECT_EQ(*activity->sweep(now), 0);
  now += std::chrono::milliseconds(1);
  EXPECT_FALSE(timeline(1));
  EXPECT_THAT(*activity->recipients(mine, message_id(1), now), IsEmpty());
  EXPECT_EQ(*activity->sweep(now), 700);
  EXPECT_EQ(*activity->sweep(now), 0);

  now -= day;  // nobody can see it any more
  EXPECT_FALSE(timeline(1));
  EXPECT_TRUE(timeline(2));
  EXPECT_THAT(timeline(2)->events, SizeIs(1));
}

TEST_P(ActivityTest, hidden_and_destroyed_sooner_when_the_operator_wants_that) {
  tell({processed(1)});
  activity.emplace(*store, std::chrono::days(7));
  now += 7 * day - std::chrono::milliseconds(1);
  EXPECT_TRUE(timeline(1));
  now += std::chrono::milliseconds(1);
  EXPECT_FALSE(timeline(1));
  EXPECT_EQ(*activity->sweep(now), 1);
}

INSTANTIATE_TEST_SUITE_P(Engines, ActivityTest, testing::engines, testing::engine_name);

}  // namespace
}  // namespace postrider::activity

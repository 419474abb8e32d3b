// SPDX-License-Identifier: Apache-2.0
#include "edge/api/mail_send.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "edge/api/door_fixture.h"
#include "edge/api/mail_send_body.h"

namespace postrider::api {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class MailSendTest : public DoorFixture, public ::testing::Test {
 protected:
  using DoorFixture::DoorFixture;
  static std::string id_of(const http::Response& response) {
    return std::string(response.headers.find("X-Message-Id").value_or(""));
  }
};

TEST_F(MailSendTest, is_accepted_once_it_is_durable) {
  const auto response = send(MailBody().text());
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(response.body, "");
  ASSERT_THAT(admitted, SizeIs(1));
  EXPECT_EQ(id_of(response), to_string(admitted[0].id));
  EXPECT_THAT(id_of(response), SizeIs(22));
  EXPECT_EQ(admitted[0].tenant, TenantId{7});
  EXPECT_EQ(journal.read_events({}, 10)->events.size(), 1u);
}

TEST_F(MailSendTest, a_large_request_goes_by_the_workers) {
  const auto file = base64(std::string(1 << 20, 'x'));
  const auto body = MailBody().set("attachments", R"([{"filename":"f","content":")" + file + "\"}]").text();
  EXPECT_EQ(send(body).status, 202);
  EXPECT_EQ(send(MailBody().set("subject", "\"" + std::string(100'000, 's') + "\"").text()).status, 400);
}

TEST_F(MailSendTest, arguments_may_be_as_long_as_they_may_for_every_personalization) {
  const auto args = R"({"a":")" + std::string(9'999, 'x') + "\"}";
  const auto people = array_of(1000, R"({"to":[{"email":"r#@example.org"}],"custom_args":)" + args + "}");
  EXPECT_EQ(send(MailBody().set("personalizations", people).text()).status, 202);
  const auto few = array_of(106, R"({"to":[{"email":"r#@example.org"}]})");
  EXPECT_EQ(send(MailBody().set("personalizations", few).set("custom_args", args).text()).status, 202);
}

TEST_F(MailSendTest, of_somebody_elses_domain_is_refused) {
  const auto response = send(MailBody().set("from", R"({"email":"a@elsewhere.example"})").text());
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(
      said(response),
      ElementsAre(
          "from: The from address does not match a verified Sender Identity. Mail cannot be sent until "
          "this error is resolved. Visit "
          "https://sendgrid.com/docs/for-developers/sending-email/sender-identity/ to see the Sender "
          "Identity requirements"));
}

TEST_F(MailSendTest, of_a_closed_account_is_refused_in_its_own_words) {
  policies.may_submit = false;
  const auto response = send(MailBody().text());
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(said(response),
              ElementsAre("null: This account is deactivated. Mail cannot be sent until it is "
                          "active again."));
}

TEST_F(MailSendTest, mistakes_are_told_together) {
  const auto response = send(MailBody().without("subject").without("from").text());
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(said(response), SizeIs(2));
}

TEST_F(MailSendTest, the_same_request_under_the_same_key_is_one_message) {
  const std::vector<Pair> headers{{"Idempotency-Key", "order-17"}};
  const auto first = send(MailBody().text(), headers), again = send(MailBody().text(), headers);
  EXPECT_EQ(again.status, 202);
  EXPECT_EQ(id_of(again), id_of(first));
  EXPECT_FALSE(first.headers.contains("Idempotent-Replayed"));
  EXPECT_EQ(again.headers.find("Idempotent-Replayed"), "true");
  EXPECT_THAT(admitted, SizeIs(1));

  const auto other = send(MailBody().set("subject", R"("other")").text(), headers);
  EXPECT_EQ(other.status, 422);
  EXPECT_THAT(said(other), ElementsAre(::testing::StartsWith("Idempotency-Key: ")));
  EXPECT_EQ(send(MailBody().text(), {{"Idempotency-Key", "order-18"}}).status, 202);
  EXPECT_THAT(admitted, SizeIs(2));
}

class FullMailSendTest : public MailSendTest {
 protected:
  FullMailSendTest() : MailSendTest({.claims = 1}) {}
};

TEST_F(FullMailSendTest, a_key_that_cannot_be_remembered_is_refused_and_a_known_one_is_not) {
  const std::vector<Pair> known{{"Idempotency-Key", "order-17"}};
  const auto first = send(MailBody().text(), known);
  EXPECT_EQ(first.status, 202);
  const auto next = send(MailBody().text(), {{"Idempotency-Key", "order-18"}});
  EXPECT_EQ(next.status, 429);
  EXPECT_TRUE(next.headers.contains("Retry-After"));
  EXPECT_THAT(said(next), ElementsAre(::testing::StartsWith("Idempotency-Key: No further")));
  EXPECT_EQ(intake.promises_refused(), 1u);
  EXPECT_EQ(id_of(send(MailBody().text(), known)), id_of(first));
  EXPECT_EQ(send(MailBody().text()).status, 202);
  EXPECT_THAT(admitted, SizeIs(2));
}

TEST_F(MailSendTest, idempotency_keys_have_a_form) {
  EXPECT_EQ(send(MailBody().text(), {{"Idempotency-Key", std::string(255, 'k')}}).status, 202);
  for (const auto& key : {std::string(256, 'k'), std::string("a b"), std::string("\xC3\xA9")}) {
    const auto response = send(MailBody().text(), {{"Idempotency-Key", key}});
    EXPECT_EQ(response.status, 400);
    EXPECT_THAT(
        said(response),
        ElementsAre("Idempotency-Key: The Idempotency-Key must be 1 to 255 visible ASCII characters."));
  }
}

TEST_F(MailSendTest, what_cannot_be_stored_is_asked_for_again) {
  database.set_reachable("a", false);
  const auto response = send(MailBody().text());
  EXPECT_EQ(response.status, 503);
  EXPECT_TRUE(response.headers.contains("Retry-After"));
  EXPECT_THAT(admitted, SizeIs(0));
  database.set_reachable("a", true);
  EXPECT_EQ(send(MailBody().text()).status, 202);
}

}  // namespace
}  // namespace postrider::api

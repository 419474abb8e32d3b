// SPDX-License-Identifier: Apache-2.0
// What the dialogues cannot show: facts, ownership, and the order of wishes that were not taken at once.
#include "protocol/smtp/client_session.h"

#include <gtest/gtest.h>

namespace postrider::smtp {
namespace {

template <class Expected>
Expected take(ClientSession& session) {
  auto wish = session.next();
  EXPECT_TRUE(wish && std::holds_alternative<Expected>(*wish));
  return wish && std::holds_alternative<Expected>(*wish) ? std::get<Expected>(std::move(*wish)) : Expected{};
}

Envelope envelope() {
  return {.sender = "a@a.test", .recipients = {"b@b.test"}};
}

TEST(ClientSession, records_what_it_learnt) {
  ClientSession session({.helo = "me.test"});
  session.receive("220 mx.test ready\r\n250-mx.test\r\n250-SIZE 77\r\n250 STARTTLS\r\n");
  EXPECT_EQ(session.greeting().text, "mx.test ready");
  EXPECT_TRUE(session.tls_offered());
  EXPECT_FALSE(session.tls_used());
  EXPECT_EQ(session.capabilities().size_max, 77u);
  session.receive("220 go\r\n");
  session.tls_started();
  EXPECT_TRUE(session.tls_used());
  EXPECT_EQ(session.capabilities().size_max, 0u);
  session.receive("250 mx.test\r\n");
  EXPECT_TRUE(session.tls_offered()) << "not offered again under TLS, but it was";
}

TEST(ClientSession, settles_before_hanging_up_even_when_ready_was_taken_late) {
  ClientSession session({.helo = "me.test"});
  session.receive("220 mx.test\r\n250 mx.test\r\n421 changed my mind\r\n");
  take<Say>(session);
  take<Ready>(session);
  session.send(envelope());
  const auto settled = take<Settled>(session);
  EXPECT_EQ(settled.recipients.at(0).fate, Fate::lost);
  EXPECT_FALSE(settled.sent_dot);
  EXPECT_EQ(take<HangUp>(session).reply.value_or(Reply{}).code, 421);
  EXPECT_FALSE(session.next());
}

TEST(ClientSession, hands_the_body_on_without_copying) {
  ClientSession session({.helo = "me.test"});
  session.receive("220 mx.test\r\n250-mx.test\r\n250 PIPELINING\r\n");
  session.send(envelope());
  session.receive("250 ok\r\n250 ok\r\n354 go\r\n");
  while (session.next()) {
  }
  std::string body;
  body.reserve(100);
  body = "hello\r\n";
  const char* const octets = body.data();
  session.body(std::move(body), true);
  const auto said = take<Say>(session);
  EXPECT_EQ(said.bytes.data(), octets);
  EXPECT_EQ(said.bytes, "hello\r\n.\r\n");
}

TEST(ClientSession, takes_no_more_after_the_end) {
  ClientSession session({.helo = "me.test"});
  session.closed("refused");
  session.closed("again");
  session.receive("220 mx.test\r\n");
  session.tls_failed("late");
  session.abort_body("late");
  session.quit();
  EXPECT_EQ(take<HangUp>(session).reason, "refused");
  EXPECT_FALSE(session.next());
  EXPECT_EQ(session.stage(), Stage::over);
}

}  // namespace
}  // namespace postrider::smtp

// SPDX-License-Identifier: Apache-2.0
#include "protocol/smtp/reply.h"

#include <gtest/gtest.h>

#include "protocol/smtp/capabilities.h"
#include "protocol/smtp/stage.h"

namespace postrider::smtp {
namespace {

Reply read(std::string_view wire) {
  ReplyParser parser;
  Reply reply;
  EXPECT_EQ(parser.next(wire, reply), ReplyParser::Found::reply) << parser.what();
  EXPECT_TRUE(wire.empty());
  return reply;
}

TEST(Reply, one_line_form) {
  EXPECT_EQ(to_string(read("550 5.1.1 user unknown\r\n")), "550 5.1.1 user unknown");
  EXPECT_EQ(to_string(read("550-5.1.1 user\r\n550-5.1.1 unknown\r\n550 5.1.1 here\r\n")),
            "550 5.1.1 user unknown here");
  EXPECT_EQ(to_string(read("250\r\n")), "250");
  EXPECT_EQ(to_string(read("250 2.0.0\r\n")), "250 2.0.0");
  EXPECT_EQ(to_string(Reply{0, {}, "timed out"}), "timed out");
}

TEST(Reply, enhanced_code_belongs_to_the_class_of_the_code) {
  EXPECT_EQ(read("450 4.2.1 later\r\n").enhanced, (EnhancedCode{4, 2, 1}));
  EXPECT_EQ(read("450 4.200.123 later\r\n").enhanced, (EnhancedCode{4, 200, 123}));
  for (std::string_view wire : {"450 5.2.1 x\r\n", "450 4.2 x\r\n", "450 4.2.1x\r\n", "450 4.2000.1 x\r\n",
                                "450 4..1\r\n", "354 3.0.0 x\r\n", "450 4.2.1-x\r\n"})
    EXPECT_EQ(read(wire).enhanced, std::nullopt) << wire;
}

TEST(Reply, what_is_said_is_read_again) {
  const Reply reply{250, EnhancedCode{2, 1, 5}, "one\ntwo " + std::string(3000, 'x') + "\n"};
  std::string wire;
  append_reply(wire, reply);
  for (std::size_t from = 0; from < wire.size();) {
    const auto end = wire.find("\r\n", from) + 2;
    EXPECT_LE(end - from, 512u);
    from = end;
  }
  auto again = read(wire);
  EXPECT_EQ(again.code, 250);
  EXPECT_EQ(again.enhanced, reply.enhanced);
  std::erase(again.text, '\n');
  EXPECT_EQ(again.text, "onetwo " + std::string(3000, 'x'));
}

TEST(Reply, no_text_forges_a_line) {
  std::string wire;
  append_reply(wire, {550, {}, std::string("no\r250 yes\0\n250 yes", 19)});
  EXPECT_EQ(wire, "550-no 250 yes \r\n550 250 yes\r\n");
}

TEST(Reply, a_long_line_is_cut_between_characters) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "\xe2\x82\xac";
  std::string wire;
  append_reply(wire, {250, {}, text});
  auto again = read(wire);
  EXPECT_EQ(again.text.find('?'), std::string::npos);
}

TEST(ReplyParser, takes_pipelined_replies_one_by_one_and_reuses_memory) {
  ReplyParser parser;
  Reply reply;
  std::string_view in = "250 first reply with some text\r\n250-second\r\n250 ";
  EXPECT_EQ(parser.next(in, reply), ReplyParser::Found::reply);
  EXPECT_EQ(reply.text, "first reply with some text");
  EXPECT_FALSE(parser.amid());
  const char* const memory = reply.text.data();
  EXPECT_EQ(parser.next(in, reply), ReplyParser::Found::more);
  EXPECT_TRUE(parser.amid());
  EXPECT_TRUE(in.empty());
  in = "reply\r\n";
  EXPECT_EQ(parser.next(in, reply), ReplyParser::Found::reply);
  EXPECT_EQ(reply.text, "second\nreply");
  EXPECT_EQ(reply.text.data(), memory);
}

TEST(ReplyParser, stays_broken_until_reset) {
  ReplyParser parser;
  Reply reply;
  std::string_view in = "oops\r\n250 ok\r\n";
  EXPECT_EQ(parser.next(in, reply), ReplyParser::Found::broken);
  EXPECT_EQ(parser.next(in, reply), ReplyParser::Found::broken);
  parser.reset();
  EXPECT_EQ(parser.next(in, reply), ReplyParser::Found::reply);
}

TEST(ReplyParser, memory_is_bounded) {
  ReplyParser parser;
  Reply reply;
  const std::string piece(1000, 'x');
  std::size_t fed = 0;
  for (;;) {
    std::string_view in = piece;
    fed += piece.size();
    if (parser.next(in, reply) == ReplyParser::Found::broken) break;
    ASSERT_LE(fed, ReplyParser::reply_bytes_max + piece.size());
  }
}

TEST(Capabilities, of_a_large_provider) {
  const auto found = parse_capabilities(
      read("250-mx.example.com at your service\r\n250-SIZE 157286400\r\n250-8BITMIME\r\n250-STARTTLS\r\n"
           "250-ENHANCEDSTATUSCODES\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-DSN\r\n250-AUTH=LOGIN\r\n"
           "250-AUTH plain login XOAUTH2\r\n250 SMTPUTF8\r\n"));
  EXPECT_TRUE(found.pipelining && found.eight_bit_mime && found.smtputf8 && found.starttls &&
              found.chunking && found.enhanced_status_codes && found.dsn && found.size);
  EXPECT_EQ(found.size_max, 157286400u);
  EXPECT_EQ(found.auth, (std::vector<std::string>{"LOGIN", "PLAIN", "XOAUTH2"}));
}

TEST(Capabilities, the_servers_name_is_none) {
  const auto found = parse_capabilities(read("250-PIPELINING\r\n250-size\r\n250 X-OTHER thing\r\n"));
  EXPECT_FALSE(found.pipelining);
  EXPECT_TRUE(found.size);
  EXPECT_EQ(found.size_max, 0u);
}

TEST(Timeouts, are_those_of_rfc_5321) {
  using std::chrono::minutes;
  EXPECT_EQ(timeout(Stage::greeting), minutes(5));
  EXPECT_EQ(timeout(Stage::mail), minutes(5));
  EXPECT_EQ(timeout(Stage::rcpt), minutes(5));
  EXPECT_EQ(timeout(Stage::data), minutes(2));
  EXPECT_EQ(timeout(Stage::body), minutes(3));
  EXPECT_EQ(timeout(Stage::dot), minutes(10));
}

}  // namespace
}  // namespace postrider::smtp

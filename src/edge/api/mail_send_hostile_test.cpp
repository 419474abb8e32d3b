// SPDX-License-Identifier: Apache-2.0
// What is meant to break things, through every string of a request.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "edge/api/door_fixture.h"
#include "edge/api/mail_send_body.h"
#include "edge/api/mail_send_invariants.h"
#include "edge/api/mail_send_reader.h"
#include "protocol/json/writer.h"
#include "testing/shared.h"

namespace postrider::api {
namespace {

const Time now{std::chrono::seconds(1'800'000'000)};

std::string quoted(std::string_view text) {
  std::string out = "\"";
  json::escape(out, text);
  return out + "\"";
}

// One body for each place a string may stand, with `text` in it.
std::vector<std::string> bodies_with(std::string_view text) {
  const auto s = quoted(text);
  const auto part = [](const std::string& members) { return MailBody().with_part(members).text(); };
  const auto person = R"({"email":"p@example.org","name":)" + s + "}";
  const auto file = [](const std::string& members) {
    return MailBody().set("attachments", R"([{"content":"YQ==",)" + members + "}]").text();
  };
  return {
      MailBody().set("from", R"({"email":)" + s + "}").text(),
      MailBody().set("from", R"({"email":"from@example.com","name":)" + s + "}").text(),
      MailBody().set("reply_to", person).text(),
      MailBody().set("subject", s).text(),
      MailBody().set("personalizations", R"([{"to":[{"email":)" + s + "}]}]").text(),
      part(R"("cc":[)" + person + "]"),
      part(R"("bcc":[)" + person + "]"),
      part(R"("subject":)" + s),
      part(R"("headers":{"X-A":)" + s + "}"),
      part(R"("headers":{)" + s + R"(:"x"})"),
      part(R"("substitutions":{"-a-":)" + s + "}"),
      part(R"("substitutions":{)" + s + R"(:"x"})"),
      part(R"("custom_args":{"a":)" + s + "}"),
      part(R"("custom_args":{)" + s + R"(:"x"})"),
      part(R"("send_at":)" + s),
      MailBody().set("headers", R"({"X-A":)" + s + "}").text(),
      MailBody().set("headers", "{" + s + R"(:"x"})").text(),
      MailBody().set("content", R"([{"type":"text/plain","value":)" + s + "}]").text(),
      MailBody().set("content", R"([{"value":"x","type":)" + s + "}]").text(),
      file(R"("filename":)" + s),
      file(R"("filename":"f","type":)" + s),
      file(R"("filename":"f","disposition":)" + s),
      file(R"("filename":"f","disposition":"inline","content_id":)" + s),
      MailBody().set("attachments", R"([{"filename":"f","content":)" + s + "}]").text(),
      MailBody().set("categories", "[" + s + "]").text(),
      "{" + s + R"(:"x"})",
      s,
  };
}

void must_hold(std::string_view text) {
  for (const auto& body : bodies_with(text)) {
    const auto document = json::parse(body);
    ASSERT_TRUE(document.has_value()) << body;
    const auto submission = read_mail_send(document->root(), now);
    if (submission)
      EXPECT_EQ(broken_invariant(*submission), "") << body;
    else
      EXPECT_FALSE(submission.error().empty()) << body;
  }
}

TEST(MailSendHostile, line_breaks_and_nul_everywhere) {
  for (const std::string_view attack :
       {"\r\nBcc: victim@example.org", "a\nX: y", "a\ry", "%0d%0aBcc: x", "a\r\n\r\n<script>",
        "\r\n.\r\nQUIT\r\n", "=?utf-8?Q?=0D=0ABcc:_x?=", "\xE2\x80\xA8", "\xC2\x85", "\x0b\x0c\x7f"})
    must_hold(attack);
  must_hold(std::string_view("a\0b", 3));
}

TEST(MailSendHostile, blns) {
  const auto path = testing::shared_corpus("blns/blns.json");
  if (!path) GTEST_SKIP() << "corpora not found";
  const auto list = json::parse(testing::read_file(*path));
  ASSERT_TRUE(list.has_value());
  ASSERT_GT(list->root().size(), 400u);
  for (const auto text : list->root().elements()) must_hold(*text.as_string());
}

TEST(MailSendHostile, payloads) {
  const auto folder = testing::shared_corpus("payloads");
  if (!folder) GTEST_SKIP() << "corpora not found";
  std::size_t lines = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(*folder)) {
    if (!file.is_regular_file()) continue;
    const auto text = testing::read_file(file.path().string());
    for (std::size_t from = 0; from < text.size(); ++lines) {
      const auto end = std::min(text.find('\n', from), text.size());
      must_hold(std::string_view(text).substr(from, end - from));
      from = end + 1;
    }
  }
  EXPECT_GT(lines, 1000u);
}

TEST(MailSendHostile, json_test_suite_at_the_door) {
  const auto folder = testing::shared_corpus("json/test_parsing");
  if (!folder) GTEST_SKIP() << "corpora not found";
  DoorFixture door;
  std::size_t cases = 0;
  for (const auto& file : std::filesystem::directory_iterator(*folder)) {
    // No text of the suite is a mail, so its well-formed ones are refused too, each for a reason of its own.
    const auto response = door.send(testing::read_file(file.path().string()));
    EXPECT_TRUE(response.status == 400 || response.status == 415) << file.path() << " " << response.status;
    EXPECT_FALSE(said(response).empty()) << file.path();
    ++cases;
  }
  EXPECT_GE(cases, 300u);
}

}  // namespace
}  // namespace postrider::api

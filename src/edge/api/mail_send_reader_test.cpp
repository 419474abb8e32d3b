// SPDX-License-Identifier: Apache-2.0
#include "edge/api/mail_send_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edge/api/mail_send_body.h"

namespace postrider::api {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const Time now{std::chrono::seconds(1'800'000'000)};

std::expected<Submission, Problems> read(const std::string& text) {
  const auto document = json::parse(text);
  EXPECT_TRUE(document.has_value()) << text.substr(0, 300);
  return read_mail_send(document->root(), now);
}
std::vector<Problem> problems_of(const std::string& text) {
  auto read_one = read(text);
  return read_one ? std::vector<Problem>() : read_one.error().list();
}
Submission accepted(const std::string& text) {
  auto submission = read(text);
  if (submission) return std::move(*submission);
  for (const auto& problem : submission.error().list())
    ADD_FAILURE() << problem.field << ": " << problem.message;
  return {};
}

std::string big(std::size_t bytes) {
  return "\"" + std::string(bytes, 'x') + "\"";
}
TEST(MailSendReader, refuses_what_it_cannot_do_and_says_what_to_do_instead) {
  for (const std::string field :
       {"reply_to_list", "template_id", "sections", "batch_id", "asm", "ip_pool_name", "mail_settings",
        "tracking_settings", "dynamic_template_data"}) {
    const auto problems = problems_of(MailBody().set(field, "{}").text());
    ASSERT_EQ(problems.size(), 1u) << field;
    EXPECT_EQ(problems[0].field, field);
    EXPECT_THAT(problems[0].message,
                StartsWith("[" + field + "] is not supported by this version of Postrider yet. "));
    EXPECT_THAT(problems[0].message.substr(problems[0].message.find("yet. ") + 5), ::testing::Not(IsEmpty()));
  }
  for (const std::string field : {"from", "dynamic_template_data"}) {
    const auto problems = problems_of(MailBody().with_part("\"" + field + "\":{}").text());
    ASSERT_EQ(problems.size(), 1u) << field;
    EXPECT_EQ(problems[0].field, "personalizations.0." + field);
  }
}

TEST(MailSendReader, tells_all_mistakes_at_once) {
  const auto problems = problems_of(MailBody()
                                        .without("subject")
                                        .set("from", R"({"email":"x"})")
                                        .set("content", R"([{"type":"text/plain","value":""}])")
                                        .set("send_at", "true")
                                        .set("foo", "1")
                                        .text());
  std::vector<std::string> fields;
  for (const auto& problem : problems) fields.push_back(problem.field);
  EXPECT_THAT(fields, ElementsAre("from.email", "content.0.value", "send_at", "foo", "subject"));
}

TEST(MailSendReader, a_million_mistakes_get_a_short_answer) {
  const auto body = MailBody().set("personalizations", array_of(1000, R"({"to":[1,2,3],"x#":1})")).text();
  EXPECT_EQ(problems_of(body).size(), Problems::most);
}

TEST(MailSendReader, long_names_are_not_sent_back_whole) {
  const std::string name(100'000, 'n');
  std::string answer;
  for (const auto& body :
       {MailBody().set(name, "1").text(), MailBody().set("categories", "[\"" + name + "\"]").text(),
        MailBody().set("headers", "{\"" + name + R"(":"a\nb"})").text(),
        MailBody().set("custom_args", "{\"" + name + R"(":1})").text()})
    for (const auto& problem : problems_of(body)) answer += problem.message + problem.field + problem.help;
  EXPECT_GT(answer.size(), 4u * 200);
  EXPECT_LT(answer.size(), 4u * 1000);
}

TEST(MailSendReader, everything_arrives) {
  const auto submission = accepted(R"({
    "personalizations":[
      {"to":[{"email":"Ann@Example.org","name":"Ann \u00c5"},{"email":"b@example.org"}],
       "cc":[{"email":"c@example.org"}],"bcc":[{"email":"d@example.org","name":""}],
       "subject":"for Ann","headers":{"X-One":"1"},"substitutions":{"-n-":"Ann\nAnn"},
       "custom_args":{"id":"7"},"send_at":1800003600},
      {"to":[{"email":"Ann@Example.org"}]}],
    "from":{"email":"from@example.com","name":"From"},"reply_to":{"email":"r@example.com"},
    "subject":"for all",
    "content":[{"type":"text/plain","value":"plain"},{"type":"text/x-amp-html","value":"amp"},
               {"type":"text/html","value":"html"},{"type":"text/calendar","value":"ics"}],
    "attachments":[{"content":"aGVsbG8=","filename":"h.txt","type":"text/plain","disposition":"inline","content_id":"h1"},
                   {"content":"AA==","filename":"z"}],
    "headers":{"List-Unsubscribe":"<https://example.com/u>"},
    "categories":["one","two"],"custom_args":{"id":"0","all":"yes"},"send_at":1800007200})");

  ASSERT_EQ(submission.personalizations.size(), 2u);
  const auto& first = submission.personalizations[0];
  EXPECT_THAT(first.to,
              ElementsAre(Contact{"Ann@Example.org", "Ann \xC3\x85"}, Contact{"b@example.org", ""}));
  EXPECT_THAT(first.cc, ElementsAre(Contact{"c@example.org", ""}));
  EXPECT_THAT(first.bcc, ElementsAre(Contact{"d@example.org", ""}));
  EXPECT_EQ(first.subject, "for Ann");
  EXPECT_THAT(first.headers, ElementsAre(Pair{"X-One", "1"}));
  EXPECT_THAT(first.substitutions, ElementsAre(Pair{"-n-", "Ann\nAnn"}));
  EXPECT_THAT(first.custom_args, ElementsAre(Pair{"id", "7"}));
  EXPECT_EQ(first.send_at, Time(std::chrono::seconds(1'800'003'600)));
  EXPECT_EQ(submission.personalizations[1].send_at, Time(std::chrono::seconds(1'800'007'200)));

  const auto& shared = submission.shared;
  EXPECT_EQ(shared.from, (Contact{"from@example.com", "From"}));
  EXPECT_EQ(shared.reply_to, (Contact{"r@example.com", ""}));
  EXPECT_EQ(shared.subject, "for all");
  EXPECT_THAT(shared.content, ElementsAre(Content{"text/plain", "plain"}, Content{"text/x-amp-html", "amp"},
                                          Content{"text/html", "html"}, Content{"text/calendar", "ics"}));
  EXPECT_THAT(shared.attachments, ElementsAre(Attachment{"text/plain", "h.txt", "h1", true, "hello"},
                                              Attachment{"", "z", "", false, std::string(1, '\0')}));
  EXPECT_THAT(shared.headers, ElementsAre(Pair{"List-Unsubscribe", "<https://example.com/u>"}));
  EXPECT_THAT(shared.custom_args, ElementsAre(Pair{"id", "0"}, Pair{"all", "yes"}));
  EXPECT_THAT(shared.categories, ElementsAre("one", "two"));
}

TEST(MailSendReader, limits_may_be_reached) {
  accepted(
      MailBody().set("personalizations", array_of(1000, R"({"to":[{"email":"p#@example.org"}]})")).text());
  accepted(MailBody()
               .set("personalizations", R"([{"to":)" + array_of(1000, R"({"email":"p#@example.org"})") + "}]")
               .text());
  accepted(MailBody().with_part(R"("custom_args":{"big":)" + big(9997) + "}").text());
  accepted(MailBody().with_part(R"("substitutions":{"-a-":)" + big(9997) + "}").text());
  accepted(MailBody()
               .set("custom_args", R"({"a":)" + big(9000) + "}")
               .with_part(R"("custom_args":{"a":)" + big(9999) + "}")
               .text());
  accepted(MailBody().set("categories", array_of(10, "\"#" + std::string(254, 'c') + "\"")).text());
  accepted(MailBody().set("send_at", std::to_string(seconds(now) + 72 * 3600)).text());
  accepted(MailBody().without("subject").with_part(R"("subject":"x")").text());
}

TEST(MailSendReader, a_moment_that_has_passed_is_now) {
  for (const char* past : {"0", "-1", "1799999999", "-9223372036854775808"}) {
    const auto whole = accepted(MailBody().set("send_at", past).text());
    EXPECT_EQ(whole.personalizations.at(0).send_at, now) << past;
    // A part that says "at once" is not held back by the request.
    const auto part = accepted(
        MailBody().set("send_at", "1800003600").with_part(R"("send_at":)" + std::string(past)).text());
    EXPECT_EQ(part.personalizations.at(0).send_at, now) << past;
  }
  EXPECT_EQ(accepted(MailBody().text()).personalizations.at(0).send_at, std::nullopt);
}

}  // namespace
}  // namespace postrider::api

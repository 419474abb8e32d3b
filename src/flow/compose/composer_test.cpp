// SPDX-License-Identifier: Apache-2.0
#include "flow/compose/composer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postrider {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

records::Accepted accepted() {
  records::Accepted out;
  out.tenant = TenantId{1};
  out.at = from_millis(1'767'225'600'000);
  out.shared.from = {"hello@first.example", "Hello"};
  out.shared.subject = "Dear -name-";
  out.shared.content = {{"text/plain", "Hi -name-\n.dot\n"}};
  out.shared.headers = {{"X-Shared", "one"}, {"X-Both", "request"}};
  return out;
}

Personalization to(std::string email) {
  Personalization out;
  out.to = {{std::move(email), ""}};
  return out;
}

Composed composed(const records::Accepted& from, const Personalization& personalization,
                  std::uint32_t n = 0) {
  MessageId id;
  id.bytes[0] = 7;
  auto source = prepare_source(id, from);
  EXPECT_TRUE(source.ok());
  auto out = compose(**source, personalization, n);
  EXPECT_TRUE(out.ok()) << out.error().detail;
  return std::move(*out);
}

TEST(Compose, IsAPureFunctionOfWhatWasAccepted) {
  const auto once = composed(accepted(), to("a@d.test"), 3), again = composed(accepted(), to("a@d.test"), 3);
  EXPECT_EQ(once.headers, again.headers);
  EXPECT_EQ(once.body->wire, again.body->wire);
  EXPECT_THAT(once.headers, HasSubstr("Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"));
  EXPECT_THAT(once.headers, HasSubstr(".postrider.3@first.example>\r\n"));
  EXPECT_EQ(once.from_domain, "first.example");
}

TEST(Compose, WhoeverSubstitutesNothingSharesOneBody) {
  MessageId id;
  auto source = prepare_source(id, accepted());
  ASSERT_TRUE(source.ok());
  const auto one = compose(**source, to("a@d.test"), 0), two = compose(**source, to("b@d.test"), 1);
  EXPECT_EQ(one->body, two->body);
}

TEST(Compose, SubstitutesInSubjectAndBodyAndStuffsDots) {
  auto personalization = to("a@d.test");
  personalization.substitutions = {{"-name-", "Ann"}};
  const auto out = composed(accepted(), personalization);
  EXPECT_THAT(out.headers, HasSubstr("Subject: Dear Ann\r\n"));
  EXPECT_THAT(out.body->wire, HasSubstr("Hi Ann\r\n..dot\r\n"));
  EXPECT_EQ(out.body->octets + 1, out.body->wire.size());
}

TEST(Compose, APersonalizationsHeadersWinAndBccStaysHidden) {
  auto personalization = to("a@d.test");
  personalization.headers = {{"x-both", "own"}};
  personalization.bcc = {{"secret@d.test", ""}};
  const auto out = composed(accepted(), personalization);
  EXPECT_THAT(out.headers, HasSubstr("X-Shared: one\r\n"));
  EXPECT_THAT(out.headers, HasSubstr("x-both: own\r\n"));
  EXPECT_THAT(out.headers, Not(HasSubstr("request")));
  EXPECT_THAT(out.headers, Not(HasSubstr("secret")));
}

TEST(Compose, NoValueCanAddAHeaderField) {
  auto personalization = to("a@d.test");
  personalization.substitutions = {{"-name-", "x\r\nBcc: evil@d.test\r\n\r\nbody"}};
  personalization.headers = {{"X-Own", "-name-"}};
  const auto out = composed(accepted(), personalization);
  EXPECT_THAT(out.headers, Not(HasSubstr("\nBcc:")));
  EXPECT_THAT(out.headers, Not(HasSubstr("\r\n\r\n")));
}

}  // namespace
}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#include "edge/api/door.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "edge/api/door_fixture.h"
#include "edge/api/errors.h"
#include "edge/api/gzip.h"
#include "edge/api/health.h"
#include "edge/api/mail_send_body.h"
#include "edge/api/metrics.h"

namespace postrider::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view wrong_key =
    "null: The provided authorization grant is invalid, expired, or revoked";

class DoorTest : public DoorFixture, public ::testing::Test {
 protected:
  std::vector<std::string> with_authorization(std::string value, int status) {
    const auto response = send(MailBody().text(), {{"Authorization", std::move(value)}});
    EXPECT_EQ(response.status, status);
    EXPECT_FALSE(body_taken);
    return said(response);
  }
};

TEST_F(DoorTest, unknown_path_and_wrong_method) {
  const auto unknown = ask({.target = "/v3/mail/sent"});
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, R"({"errors":[{"message":"not found","field":null,"help":null}]})");
  const auto method = ask({.method = http::Method::get});
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.headers.find("Allow"), "POST");
  EXPECT_THAT(said(method), ElementsAre("null: method not allowed"));
  EXPECT_FALSE(body_taken);
}

TEST_F(DoorTest, every_answer_has_a_request_id) {
  const auto one = ask({.target = "/nothing"}), other = send(MailBody().text());
  EXPECT_EQ(one.headers.find("X-Request-Id")->size(), 22u);
  EXPECT_NE(one.headers.find("X-Request-Id"), other.headers.find("X-Request-Id"));
}

TEST_F(DoorTest, nobody_is_let_in_without_a_key) {
  for (const char* value : {"", "Basic YTpi", "Bearer", "Bearer ", "SG.x"})
    EXPECT_THAT(with_authorization(value, 401), ElementsAre("null: authorization required")) << value;
  auto mistyped = key_text;
  mistyped.back() = mistyped.back() == 'a' ? 'b' : 'a';
  const auto unknown = accounts::ApiKeyText::generate(random).text();
  for (const auto& text : {std::string("SG.wrong.wrong"), mistyped, unknown})
    EXPECT_THAT(with_authorization("Bearer " + text, 401), ElementsAre(wrong_key)) << text;
}

TEST_F(DoorTest, the_log_knows_why_the_client_was_refused) {
  with_authorization("Bearer " + accounts::ApiKeyText::generate(random).text(), 401);
  EXPECT_TRUE(log.has("why=unknown key"));
  key.revoked = clock.wall();
  EXPECT_THAT(with_authorization("Bearer " + key_text, 401), ElementsAre(wrong_key));
  EXPECT_TRUE(log.has("why=revoked"));
  key.revoked.reset();
  key.expires = clock.wall();
  EXPECT_THAT(with_authorization("Bearer " + key_text, 401), ElementsAre(wrong_key));
  EXPECT_TRUE(log.has("why=expired"));
  EXPECT_TRUE(log.has("key=" + to_string(key.id)));
  EXPECT_FALSE(log.has(key_text));
}

TEST_F(DoorTest, right_key_wrong_secret) {
  key.hash = sha256("another");
  EXPECT_THAT(with_authorization("Bearer " + key_text, 401), ElementsAre(wrong_key));
  EXPECT_TRUE(log.has("why=wrong secret"));
}

TEST_F(DoorTest, a_key_without_the_scope) {
  key.scopes = {"alerts.read"};
  EXPECT_THAT(with_authorization("bearer " + key_text, 403), ElementsAre("null: access forbidden"));
}

TEST_F(DoorTest, content_type) {
  const auto body = MailBody().text();
  for (const char* type :
       {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json"}) {
    const auto response = send(body, {{"Content-Type", type}});
    EXPECT_EQ(response.status, 415) << type;
    EXPECT_THAT(said(response), ElementsAre("null: Content-Type should be application/json."));
    EXPECT_FALSE(body_taken);
  }
  EXPECT_EQ(send(body, {{"Content-Type", "application/json; charset=iso-8859-1"}}).status, 415);
  for (const char* type :
       {"Application/JSON", "application/json;charset=UTF-8", "application/json; charset=\"utf-8\"; x=y"})
    EXPECT_EQ(send(body, {{"Content-Type", type}}).status, 202) << type;
}

TEST_F(DoorTest, bodies_that_are_not_json) {
  const auto bad = send("{\"personalizations\":[");
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(said(bad), ElementsAre("null: Bad Request"));
  const auto utf8 = send("{\"subject\":\"\xff\"}");
  EXPECT_EQ(utf8.status, 415);
  EXPECT_THAT(said(utf8), ElementsAre("null: Invalid UTF8 in request"));
  const auto twice = send(R"({"personalizations":[{"to":[{"email":"a@b.example","email":"c@d.example"}]}]})");
  EXPECT_EQ(twice.status, 400);
  EXPECT_THAT(said(twice),
              ElementsAre("personalizations.0.to.0.email: The field [personalizations.0.to.0.email] is "
                          "given more than once."));
  EXPECT_EQ(send("").status, 400);
  EXPECT_EQ(send(std::string(100'000, '[')).status, 400);
}

TEST_F(DoorTest, bodies_that_do_not_arrive) {
  const auto with = [this](Code code) { return ask({.body_fails = Error{code, "secret detail"}}); };
  EXPECT_EQ(with(Code::exhausted).status, 413);
  EXPECT_EQ(with(Code::timeout).status, 408);
  EXPECT_EQ(with(Code::invalid).status, 400);
  const auto busy = with(Code::unavailable);
  EXPECT_EQ(busy.status, 503);
  EXPECT_TRUE(busy.headers.contains("Retry-After"));
  EXPECT_THAT(busy.body, ::testing::Not(HasSubstr("secret")));
}

std::string gzip(std::string_view plain) {
  std::string in(plain), out(plain.size() + 1024, '\0');
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST_F(DoorTest, gzip_is_taken) {
  const auto packed = gzip(MailBody().text());
  EXPECT_EQ(send(packed, {{"Content-Encoding", "gzip"}}).status, 202);
  EXPECT_EQ(send(MailBody().text(), {{"Content-Encoding", "identity"}}).status, 202);
  EXPECT_EQ(send(packed, {{"Content-Encoding", "br"}}).status, 415);
  EXPECT_EQ(send(packed.substr(0, packed.size() - 3), {{"Content-Encoding", "gzip"}}).status, 400);
  EXPECT_EQ(send(MailBody().text(), {{"Content-Encoding", "gzip"}}).status, 400);
  EXPECT_EQ(send(gzip(std::string(31 << 20, ' ')), {{"Content-Encoding", "gzip"}}).status, 413);
}

TEST_F(DoorTest, what_gzip_holds_counts_against_the_memory_for_bodies) {
  const auto body = gzip(MailBody().set("subject", "\"" + std::string(1000, 's') + "\"").text());
  const auto with = [&](std::size_t memory) {
    return ask({.body = body, .headers = {{"Content-Encoding", "gzip"}}, .memory = memory}).status;
  };
  EXPECT_EQ(with(800), 503);
  EXPECT_EQ(with(10'000), 202);
}

TEST(Gunzip, asks_before_it_takes_memory) {
  const auto packed = gzip(std::string(1 << 20, 'x'));
  std::size_t asked = 0;
  const auto plain = gunzip(packed, 1 << 20, [&](std::size_t bytes) {
    asked += bytes;
    return true;
  });
  EXPECT_GE(asked, plain->size());
  EXPECT_LE(asked, std::size_t{2} << 20);
  asked = 0;
  const auto small = [&](std::size_t bytes) { return (asked += bytes) <= 100'000; };
  EXPECT_EQ(gunzip(packed, 1 << 20, small).error(), GunzipFailure::no_memory);
}

TEST(Gunzip, limit_and_damage) {
  const auto gunzip = [](std::string_view from, std::size_t limit) {
    return api::gunzip(from, limit, [](std::size_t) { return true; });
  };
  const auto packed = gzip("hello");
  EXPECT_EQ(gunzip(packed, 5), "hello");
  EXPECT_EQ(gunzip(packed, 4).error(), GunzipFailure::too_long);
  EXPECT_EQ(gunzip(packed + packed, 10), "hellohello");
  EXPECT_EQ(gunzip(gzip(std::string(100'000, 'x')), 100'000), std::string(100'000, 'x'));
  EXPECT_EQ(gunzip(gzip(""), 0), "");
  EXPECT_EQ(gunzip("", 10).error(), GunzipFailure::damaged);
  for (std::size_t cut = 0; cut < packed.size(); ++cut)
    EXPECT_EQ(gunzip(packed.substr(0, cut), 100).error(), GunzipFailure::damaged) << cut;
  auto changed = packed;
  changed[changed.size() - 6] ^= 1;  // its checksum
  EXPECT_EQ(gunzip(changed, 100).error(), GunzipFailure::damaged);
}

class ProbesTest : public DoorTest {
 protected:
  ProbesTest() {
    router.add(health);
    router.add(metrics);
  }
  std::string why_not, warning;
  Health health{[this] { return why_not; }, [this] { return warning; }};
  Metrics metrics{
      {{.name = "postrider_live", .help = "Records.\nHeld.", .labels = {}, .value = [] { return 3.0; }},
       {.name = "postrider_sent_total",
        .help = "Sent.",
        .type = Metric::Type::counter,
        .labels = {{"to", "a\"\\\n"}, {"b", "c"}},
        .value = [] { return 0.25; }},
       {.name = "postrider_sent_total", .help = "Sent.", .labels = {{"to", "x"}}, .value = [] {
          return 1e18;
        }}}};
};

TEST_F(ProbesTest, health_needs_no_key) {
  const auto live =
      ask({.method = http::Method::get, .target = "/health/live", .headers = {{"Authorization", ""}}});
  EXPECT_EQ(live.status, 200);
  EXPECT_EQ(live.body, R"({"status":"live"})");
  EXPECT_EQ(ask({.method = http::Method::get, .target = "/health/ready"}).body, R"({"status":"ready"})");
  why_not = "the spool is full";
  const auto not_ready = ask({.method = http::Method::get, .target = "/health/ready"});
  EXPECT_EQ(not_ready.status, 503);
  EXPECT_THAT(said(not_ready), ElementsAre("null: not ready: the spool is full"));
}

TEST_F(ProbesTest, what_needs_a_person_and_stops_no_mail_is_a_warning) {
  warning = "the activity reader is held";
  const auto ready = ask({.method = http::Method::get, .target = "/health/ready"});
  EXPECT_EQ(ready.status, 200);
  EXPECT_EQ(ready.body, R"({"status":"ready","warning":"the activity reader is held"})");
}

TEST_F(ProbesTest, metrics_are_for_neighbours_and_keys) {
  const auto from = [this](std::string peer, std::vector<Pair> headers = {{"Authorization", ""}}) {
    return ask({.method = http::Method::get,
                .target = "/metrics",
                .headers = std::move(headers),
                .peer = std::move(peer)});
  };
  EXPECT_EQ(from("127.0.0.1").body,
            "# HELP postrider_live Records.\\nHeld.\n# TYPE postrider_live gauge\npostrider_live 3\n"
            "# HELP postrider_sent_total Sent.\n# TYPE postrider_sent_total counter\n"
            "postrider_sent_total{to=\"a\\\"\\\\\\n\",b=\"c\"} 0.25\npostrider_sent_total{to=\"x\"} 1e+18\n");
  EXPECT_EQ(from("::1").status, 200);
  EXPECT_EQ(from("192.0.2.1").status, 401);
  EXPECT_EQ(from("127.0.0.1", {{"Authorization", ""}, {"X-Forwarded-For", "192.0.2.1"}}).status, 401);
  EXPECT_EQ(from("192.0.2.1", {}).status, 403);
  key.scopes = {"metrics.read"};
  EXPECT_EQ(from("192.0.2.1", {}).status, 200);
}

TEST(Errors, ours_are_all_503) {
  for (int code = 0; code <= static_cast<int>(Code::internal); ++code) {
    const auto response = failed({static_cast<Code>(code), "detail"});
    EXPECT_TRUE(response.status == 503 || (response.status >= 400 && response.status < 500)) << code;
    EXPECT_EQ(response.headers.contains("Retry-After"), response.status == 503);
  }
}

}  // namespace
}  // namespace postrider::api

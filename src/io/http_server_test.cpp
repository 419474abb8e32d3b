// SPDX-License-Identifier: Apache-2.0
#include "io/http_server.h"

#include <gmock/gmock.h>

#include "io/runtime.h"
#include "io/tcp_transport.h"
#include "io/test_support.h"
#include "io/worker_pool.h"

namespace postrider::io {
namespace {

using namespace test;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view get = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

struct HttpServerTest : testing::Test {
  HttpServerTest() {
    options.door.at = {.address = "127.0.0.1", .port = 0};
    options.plaintext_allowed = [](const Endpoint&) { return true; };
  }

  // Says what it was asked and how long the body was.
  static Task<http::Response> echo(HttpExchange& exchange) {
    std::string target = exchange.request().target;
    auto body = co_await exchange.body(1 << 20);
    http::Response response;
    response.status = body.ok() ? 200 : 400;
    response.body = target + " " + (body.ok() ? *body : body.error().detail);
    co_return response;
  }

  void serve(HttpHandler handler = echo) {
    server = std::move(*HttpServer::open(runtime.loops(), options, handler, log));
    server->start();
  }

  static std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

  // The next answer on a connection, head and body.
  static std::string answer(RawClient& client) {
    std::string head = client.receive_until("\r\n\r\n");
    std::size_t at = head.find("Content-Length: ");
    return at == std::string::npos ? head : head + client.receive(std::stoul(head.substr(at + 16)));
  }

  QuietLog log;
  HttpOptions options;
  Runtime runtime{2};
  std::unique_ptr<HttpServer> server;
};

TEST_F(HttpServerTest, answers_and_keeps_the_connection) {
  serve();
  RawClient client(server->endpoint());
  for (int i = 0; i < 3; ++i) {
    client.send(get);
    std::string got = answer(client);
    EXPECT_THAT(got, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(got, HasSubstr(" GMT\r\n"));
    EXPECT_EQ(body_of(got), "/hello ");
  }
  EXPECT_EQ(server->counts().connections, 1u);
  EXPECT_EQ(server->counts().answers[2], 3u);
}

TEST_F(HttpServerTest, reads_bytes_cut_anywhere) {
  serve();
  const std::string request =
      "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    RawClient client(server->endpoint());
    client.send(request.substr(0, cut));
    std::this_thread::sleep_for(1ms);
    client.send(request.substr(cut));
    ASSERT_EQ(body_of(answer(client)), "/p abcde") << "cut at " << cut;
  }
}

TEST_F(HttpServerTest, pipelined_requests_are_answered_in_order) {
  serve([](HttpExchange& exchange) -> Task<http::Response> { co_return co_await echo(exchange); });
  RawClient client(server->endpoint());
  std::string all;
  for (int i = 0; i < 200; ++i)
    all += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
  client.send(all);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(body_of(answer(client)), "/" + std::to_string(i) + " body");
}

TEST_F(HttpServerTest, a_request_behind_a_big_body_is_not_lost) {
  serve();
  RawClient client(server->endpoint());
  std::string big(300'000, 'x');
  client.send("POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + big + std::string(get));
  EXPECT_EQ(body_of(answer(client)).size(), big.size() + 5);
  EXPECT_EQ(body_of(answer(client)), "/hello ");
  EXPECT_EQ(server->counts().body_bytes, 0u);
}

TEST_F(HttpServerTest, a_handler_may_answer_later) {
  WorkerPool pool("test", 1, 10);
  serve([&pool](HttpExchange& exchange) -> Task<http::Response> {
    auto done = co_await run_on(pool, exchange.home(), [] { std::this_thread::sleep_for(30ms); });
    EXPECT_TRUE(done.ok());
    co_return co_await echo(exchange);
  });
  RawClient client(server->endpoint());
  client.send(get);
  EXPECT_EQ(body_of(answer(client)), "/hello ");
  server.reset();
}

TEST_F(HttpServerTest, goes_on_with_100_only_when_the_body_is_wanted) {
  serve([](HttpExchange& exchange) -> Task<http::Response> {
    if (exchange.request().target == "/no") {
      http::Response no;
      no.status = 401;
      co_return no;
    }
    co_return co_await echo(exchange);
  });
  RawClient wanted(server->endpoint());
  wanted.send("POST /yes HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(wanted.receive_until("\r\n\r\n"), http::continue_100);
  wanted.send("ok");
  EXPECT_EQ(body_of(answer(wanted)), "/yes ok");

  RawClient refused(server->endpoint());
  refused.send("POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(answer(refused), StartsWith("HTTP/1.1 401"));
  EXPECT_TRUE(refused.is_closed());
}

// The answer must arrive although the client is still sending: no reset may overtake it.
TEST_F(HttpServerTest, a_refused_upload_gets_its_answer) {
  serve([](HttpExchange& exchange) -> Task<http::Response> {
    auto body = co_await exchange.body(1000);
    http::Response response;
    response.status = !body.ok() && body.error().code == Code::exhausted ? 413 : 200;
    co_return response;
  });
  for (int i = 0; i < 20; ++i) {
    RawClient client(server->endpoint());
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n");
    client.send(std::string(3'000'000, 'x'));
    client.finish();
    EXPECT_THAT(client.receive_all(), StartsWith("HTTP/1.1 413")) << i;
  }
}

TEST_F(HttpServerTest, bodies_share_a_budget) {
  options.body_budget = 100'000;
  serve([](HttpExchange& exchange) -> Task<http::Response> {
    auto body = co_await exchange.body(1 << 20);
    http::Response response;
    response.status = body.ok() ? 200 : body.error().code == Code::unavailable ? 503 : 400;
    co_return response;
  });
  RawClient slow(server->endpoint());
  slow.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n" + std::string(89'000, 'x'));
  while (server->counts().body_bytes < 89'000) std::this_thread::sleep_for(1ms);
  RawClient second(server->endpoint());
  second.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n" + std::string(20'000, 'x'));
  EXPECT_THAT(answer(second), StartsWith("HTTP/1.1 503"));
  slow.send(std::string(1'000, 'x'));
  EXPECT_THAT(answer(slow), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(server->counts().body_bytes, 0u);
}

TEST_F(HttpServerTest, what_a_handler_makes_of_a_body_counts_until_it_has_answered) {
  options.body_budget = 100'000;
  serve([this](HttpExchange& exchange) -> Task<http::Response> {
    auto body = co_await exchange.body(1 << 20);
    const bool first = exchange.reserve(80'000), second = exchange.reserve(20'000);
    http::Response response;
    response.body =
        std::to_string(first) + std::to_string(second) + std::to_string(server->counts().body_bytes);
    co_return response;
  });
  RawClient client(server->endpoint());
  for (int i = 0; i < 2; ++i) {
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + std::string(1'000, 'x'));
    EXPECT_EQ(body_of(answer(client)), "1081000");
    EXPECT_EQ(server->counts().body_bytes, 0u);
  }
}

TEST_F(HttpServerTest, what_is_no_http_is_refused_in_words_of_the_owner) {
  options.refuse = [](int status, std::string_view reason) {
    http::Response response;
    response.status = status;
    response.body = "{" + std::string(reason) + "}";
    return response;
  };
  serve();
  RawClient client(server->endpoint());
  client.send("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::string got = answer(client);
  EXPECT_THAT(got, StartsWith("HTTP/1.1 400"));
  EXPECT_EQ(body_of(got).front(), '{');
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(server->counts().unreadable, 1u);
}

TEST_F(HttpServerTest, a_dripped_head_runs_out_of_time) {
  options.head_time = 200ms;
  serve();
  RawClient client(server->endpoint());
  auto begun = std::chrono::steady_clock::now();
  client.send("GET / HTTP/1.1\r\nHo");
  while (std::chrono::steady_clock::now() < begun + 600ms) {  // always in time for the next byte
    client.send("o");
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(server->counts().answers[2], 0u);
}

TEST_F(HttpServerTest, a_dripped_body_runs_out_of_time) {
  options.body_time = 100ms;
  serve();
  RawClient client(server->endpoint());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
  auto begun = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() < begun + 500ms) {
    client.send("x");
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_TRUE(client.is_closed());
}

TEST_F(HttpServerTest, an_idle_connection_is_closed_without_a_word) {
  options.idle_time = 100ms;
  serve();
  RawClient client(server->endpoint());
  client.send(get);
  answer(client);
  EXPECT_EQ(client.receive_all(), "");
}

TEST_F(HttpServerTest, plaintext_from_elsewhere_is_answered_in_words) {
  options.plaintext_allowed = [](const Endpoint& peer) { return peer.address != "127.0.0.1"; };
  serve();
  RawClient client(server->endpoint());
  client.send(get);
  std::string got = client.receive_all();
  EXPECT_THAT(got, StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(got, HasSubstr("HTTPS"));
  EXPECT_EQ(server->counts().plaintext_refused, 1u);
}

TEST_F(HttpServerTest, tls_and_plaintext_share_the_port) {
  PemPair pair = *make_self_signed({"door.test"});
  CurrentIdentity identity(*TlsIdentity::from_pem(pair.certificate, pair.key));
  options.identity = &identity;
  serve();
  RawClient plain(server->endpoint());
  plain.send(get);
  EXPECT_EQ(body_of(answer(plain)), "/hello ");

  auto tls = *TlsClient::create({.system = false, .pem = pair.certificate});
  Loop& loop = runtime.loop(0);
  TcpTransport transport(loop, *tls);
  std::string got = on_loop(loop, [&]() -> Task<std::string> {
    auto stream = *co_await transport.connect(server->endpoint(), "", soon(loop));
    TlsWanted wanted{.host = "door.test", .require_valid = true};
    auto facts = co_await stream->start_tls(wanted, soon(loop));
    EXPECT_TRUE(facts.ok());
    EXPECT_TRUE((co_await stream->write(get, soon(loop))).ok());
    std::string buffer(1000, 0);
    std::size_t size = *co_await stream->read(buffer, soon(loop));
    co_return buffer.substr(0, size);
  });
  EXPECT_EQ(body_of(got), "/hello ");
  server.reset();
}

TEST_F(HttpServerTest, drain_ends_the_idle_and_lets_the_busy_finish) {
  std::atomic<bool> begun = false;
  serve([&](HttpExchange& exchange) -> Task<http::Response> {
    if (exchange.request().target == "/slow") {
      begun = true;
      Loop& loop = runtime.loop(0).is_here() ? runtime.loop(0) : runtime.loop(1);
      co_await loop.sleep_until(loop.now() + 200ms);
    }
    co_return co_await echo(exchange);
  });
  RawClient idle(server->endpoint());
  idle.send(get);
  answer(idle);
  RawClient busy(server->endpoint());
  busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  while (!begun) std::this_thread::sleep_for(1ms);

  Loop& loop = runtime.loop(0);
  Instant start = loop.now();
  server->stop_accepting();
  auto drained = std::async(std::launch::async, [&] { server->drain(start + 5s); });
  EXPECT_TRUE(idle.is_closed());
  std::string got = busy.receive_all();
  EXPECT_THAT(got, HasSubstr("Connection: close"));
  EXPECT_EQ(body_of(got), "/slow ");
  busy.finish();
  drained.get();
  EXPECT_LT(loop.now() - start, 4s);
}

TEST_F(HttpServerTest, drain_closes_what_is_late) {
  serve();
  RawClient half(server->endpoint());
  half.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
  while (server->counts().body_bytes == 0) std::this_thread::sleep_for(1ms);
  server->stop_accepting();
  server->drain(runtime.loop(0).now() + 100ms);
  EXPECT_TRUE(half.is_closed());
}

TEST_F(HttpServerTest, clients_that_vanish_leave_nothing_behind) {
  serve();
  for (int i = 0; i < 50; ++i) {
    RawClient client(server->endpoint());
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\nhalf");
    if (i % 2 == 0) client.reset();
  }
  while (server->counts().open > 0) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(server->counts().body_bytes, 0u);
}

}  // namespace
}  // namespace postrider::io

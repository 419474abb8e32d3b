// SPDX-License-Identifier: Apache-2.0
#include "io/tcp_stream.h"

#include <gmock/gmock.h>
#include <netinet/in.h>

#include "io/listener.h"
#include "io/runtime.h"
#include "io/tcp_transport.h"
#include "io/test_support.h"

namespace postrider::io {
namespace {

using namespace test;
using testing::HasSubstr;

const Endpoint any_port{.address = "127.0.0.1", .port = 0};

// A client on one loop, a server that does as each test says on the other.
struct TcpStreamTest : testing::Test {
  TcpStreamTest() { client = std::move(*TlsClient::create({.system = false, .pem = ours.certificate})); }

  void serve(Listener::Serve how) {
    listener = std::move(*Listener::open({&runtime.loop(1)}, {.at = any_port}, std::move(how), log));
    listener->start();
  }
  void serve_tls(const PemPair& pair) {
    identity = *TlsIdentity::from_pem(pair.certificate, pair.key);
    serve([this](Connection& connection) -> Task<void> {
      Instant deadline = soon(connection.loop());
      auto facts = co_await connection.stream().accept_tls(*identity, deadline);
      if (facts.ok()) co_await echo(connection);
    });
  }
  static Task<void> echo(Connection& connection) {
    std::string buffer(1 << 16, 0);
    for (;;) {
      auto got = co_await connection.stream().read(buffer, soon(connection.loop()));
      if (!got || *got == 0) co_return;
      auto put = co_await connection.stream().write(std::string_view(buffer).substr(0, *got),
                                                    soon(connection.loop()));
      if (!put) co_return;
    }
  }

  Task<void> say_nothing(Connection& connection) {
    while (!over) co_await connection.loop().sleep_until(soon(connection.loop(), 5ms));
  }

  // Runs on the client's loop with a fresh connection.
  template <class Fn>
  auto with_stream(Fn fn) {
    return on_loop(loop, [this, &fn]() -> decltype(fn(std::declval<ByteStream&>())) {
      TcpTransport transport(loop, *client);
      auto stream = *co_await transport.connect(listener->endpoint(), "", soon(loop));
      co_return co_await fn(*stream);
    });
  }
  Result<TlsFacts> handshake(TlsWanted wanted) {
    return with_stream([&](ByteStream& stream) -> Task<Result<TlsFacts>> {
      auto facts = co_await stream.start_tls(wanted, soon(loop));
      if (facts.ok()) {
        // Tickets come with the first bytes read.
        EXPECT_TRUE((co_await stream.write("ping", soon(loop))).ok());
        EXPECT_EQ(co_await read_all(stream, 4), "ping");
      }
      co_return facts;
    });
  }
  // `size` bytes, fewer at the end.
  Task<std::string> read_all(ByteStream& stream, std::size_t size) {
    std::string all, buffer(1 << 16, 0);
    while (all.size() < size) {
      auto got = co_await stream.read(buffer, soon(loop));
      if (!got || *got == 0) break;
      all.append(buffer, 0, *got);
    }
    co_return all;
  }

  std::atomic<bool> over = false;
  QuietLog log;
  PemPair ours = *make_self_signed({"mx.test", "127.0.0.1"});
  PemPair foreign = *make_self_signed({"mx.test"});
  std::unique_ptr<TlsClient> client;
  std::optional<TlsIdentity> identity;
  Runtime runtime{2};
  Loop& loop = runtime.loop(0);
  std::unique_ptr<Listener> listener;
};

TEST_F(TcpStreamTest, megabytes_both_ways_at_once) {
  for (bool tls : {false, true}) {
    tls ? serve_tls(ours) : serve(echo);
    std::string sent(5'000'000, 0);
    for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 31 >> 3);
    std::string got = with_stream([&](ByteStream& stream) -> Task<std::string> {
      if (tls)
        EXPECT_TRUE((co_await stream.start_tls({.host = "mx.test", .require_valid = true}, soon(loop))).ok());
      spawn([](ByteStream& to, const std::string& bytes, Instant deadline) -> Task<void> {
        EXPECT_TRUE((co_await to.write(bytes, deadline)).ok());
      }(stream, sent, soon(loop)));
      co_return co_await read_all(stream, sent.size());
    });
    EXPECT_TRUE(got == sent);
  }
}

TEST_F(TcpStreamTest, a_certificate_that_fits_is_valid) {
  serve_tls(ours);
  auto facts = handshake({.host = "mx.test", .require_valid = true});
  ASSERT_TRUE(facts.ok()) << facts.error().detail;
  EXPECT_EQ(facts->version, "TLSv1.3");
  EXPECT_THAT(facts->cipher, HasSubstr("TLS_AES"));
  EXPECT_TRUE(facts->certificate_valid);
  EXPECT_EQ(facts->certificate_verdict, "");
  EXPECT_TRUE(handshake({.host = "127.0.0.1", .require_valid = true}).ok());
}

TEST_F(TcpStreamTest, verdicts_are_recorded_and_count_only_when_required) {
  struct Case {
    const PemPair& pair;
    std::string host;
    std::string verdict;
  };
  for (const Case& each :
       {Case{ours, "other.test", "hostname mismatch"}, Case{ours, "127.0.0.2", "IP address mismatch"},
        Case{ours, "", "no host name"}, Case{foreign, "mx.test", "self-signed"}}) {
    serve_tls(each.pair);
    auto facts = handshake({.host = each.host, .require_valid = false});
    ASSERT_TRUE(facts.ok()) << facts.error().detail;
    EXPECT_FALSE(facts->certificate_valid);
    EXPECT_THAT(facts->certificate_verdict, HasSubstr(each.verdict));

    // Also when the session of the careless handshake is resumed.
    EXPECT_EQ(handshake({.host = each.host})->resumed, !each.host.empty());
    auto refused = handshake({.host = each.host, .require_valid = true});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Code::forbidden);
    EXPECT_THAT(refused.error().detail, HasSubstr(each.verdict));
  }
}

TEST_F(TcpStreamTest, the_second_handshake_with_a_host_is_resumed) {
  serve_tls(ours);
  EXPECT_FALSE(handshake({.host = "mx.test"})->resumed);
  auto again = handshake({.host = "mx.test", .require_valid = true});
  EXPECT_TRUE(again->resumed);
  EXPECT_TRUE(again->certificate_valid);
  EXPECT_FALSE(handshake({.host = "127.0.0.1"})->resumed);  // another name, another session

  // A server with another key cannot read the ticket: a full handshake, and its own verdict.
  serve_tls(foreign);
  auto other = handshake({.host = "mx.test"});
  ASSERT_TRUE(other.ok()) << other.error().detail;
  EXPECT_FALSE(other->resumed);
  EXPECT_FALSE(other->certificate_valid);
}

TEST_F(TcpStreamTest, a_peer_that_speaks_no_tls_is_unavailable) {
  serve([](Connection& connection) -> Task<void> {
    auto ignored = co_await connection.stream().write("220 not TLS at all\r\n", soon(connection.loop()));
    co_await connection.stream().finish(soon(connection.loop()));
  });
  EXPECT_EQ(handshake({.host = "mx.test"}).error().code, Code::unavailable);
}

TEST_F(TcpStreamTest, a_peer_that_hangs_up_during_the_handshake_is_closed) {
  serve([](Connection& connection) -> Task<void> {
    std::string buffer(10, 0);
    auto ignored = co_await connection.stream().read(buffer, soon(connection.loop()));
    connection.stream().stop_reading();
  });
  Result<TlsFacts> result = handshake({.host = "mx.test"});
  EXPECT_EQ(result.error().code, Code::closed) << result.error().detail;
}

TEST_F(TcpStreamTest, a_handshake_has_a_deadline) {
  serve([this](Connection& connection) -> Task<void> { co_await say_nothing(connection); });
  Code code = with_stream([&](ByteStream& stream) -> Task<Code> {
    auto facts = co_await stream.start_tls({.host = "mx.test"}, soon(loop, 50ms));
    over = true;
    co_return facts.error().code;
  });
  EXPECT_EQ(code, Code::timeout);
}

TEST_F(TcpStreamTest, a_read_that_times_out_closes) {
  serve(echo);
  with_stream([&](ByteStream& stream) -> Task<bool> {
    std::string buffer(10, 0);
    EXPECT_EQ((co_await stream.read(buffer, soon(loop, 50ms))).error().code, Code::timeout);
    EXPECT_EQ((co_await stream.read(buffer, soon(loop))).error().code, Code::closed);
    EXPECT_EQ((co_await stream.write("x", soon(loop))).error().code, Code::closed);
    co_return true;
  });
}

TEST_F(TcpStreamTest, a_write_nobody_reads_times_out) {
  serve([this](Connection& connection) -> Task<void> { co_await say_nothing(connection); });
  Code code = with_stream([&](ByteStream& stream) -> Task<Code> {
    std::string much(50'000'000, 'x');
    auto put = co_await stream.write(much, soon(loop, 100ms));
    over = true;
    co_return put.error().code;
  });
  EXPECT_EQ(code, Code::timeout);
}

TEST_F(TcpStreamTest, a_reset_is_closed) {
  serve([](Connection& connection) -> Task<void> {
    // Waits for input and leaves it unread, which turns the close into a reset.
    auto ignored = co_await connection.stream().opens_with_tls(soon(connection.loop()));
  });
  Code code = with_stream([&](ByteStream& stream) -> Task<Code> {
    EXPECT_TRUE((co_await stream.write("unread", soon(loop))).ok());
    std::string buffer(10, 0);
    auto got = co_await stream.read(buffer, soon(loop));
    co_return got.ok() ? Code::internal : got.error().code;
  });
  EXPECT_EQ(code, Code::closed);
}

TEST_F(TcpStreamTest, what_the_peer_sent_before_it_ended_is_read) {
  for (bool tls : {false, true}) {
    identity = *TlsIdentity::from_pem(ours.certificate, ours.key);
    serve([&](Connection& connection) -> Task<void> {
      if (tls)
        EXPECT_TRUE((co_await connection.stream().accept_tls(*identity, soon(connection.loop()))).ok());
      auto ignored = co_await connection.stream().write("221 bye\r\n", soon(connection.loop()));
      co_await connection.stream().finish(soon(connection.loop()));
    });
    std::string got = with_stream([&](ByteStream& stream) -> Task<std::string> {
      if (tls) EXPECT_TRUE((co_await stream.start_tls({.host = "mx.test"}, soon(loop))).ok());
      co_await loop.sleep_until(soon(loop, 50ms));
      co_return co_await read_all(stream, 1000);
    });
    EXPECT_EQ(got, "221 bye\r\n");
    listener.reset();
  }
}

TEST_F(TcpStreamTest, a_half_closed_peer_still_gets_its_answer) {
  serve([](Connection& connection) -> Task<void> {
    std::string buffer(100, 0), all;
    for (;;) {
      auto got = co_await connection.stream().read(buffer, soon(connection.loop()));
      if (!got || *got == 0) break;
      all.append(buffer, 0, *got);
    }
    auto ignored = co_await connection.stream().write("got " + all, soon(connection.loop()));
  });
  RawClient raw(listener->endpoint());
  raw.send("everything");
  raw.finish();
  EXPECT_EQ(raw.receive_all(), "got everything");
}

TEST_F(TcpStreamTest, close_wakes_the_reader) {
  serve(echo);
  Code code = with_stream([&](ByteStream& stream) -> Task<Code> {
    loop.post([&stream] { stream.close(); });
    std::string buffer(10, 0);
    auto got = co_await stream.read(buffer, soon(loop));
    co_return got.error().code;
  });
  EXPECT_EQ(code, Code::closed);
}

// A stream that always has something to read lets others have their turn.
TEST_F(TcpStreamTest, a_busy_stream_does_not_hold_the_loop) {
  serve([](Connection& connection) -> Task<void> {
    std::string much(20'000'000, 'x');
    auto ignored = co_await connection.stream().write(much, soon(connection.loop()));
  });
  int turns = with_stream([&](ByteStream& stream) -> Task<int> {
    int others = 0;
    bool over = false;
    spawn([](Loop& on, int& count, bool& stop) -> Task<void> {
      while (!stop) {
        co_await on.turn();
        ++count;
      }
    }(loop, others, over));
    std::string byte(1, 0);
    for (int i = 0; i < 10'000; ++i) EXPECT_TRUE((co_await stream.read(byte, soon(loop))).ok());
    over = true;
    co_await loop.turn();
    co_await loop.turn();
    co_return others;
  });
  EXPECT_GT(turns, 100);
}

struct ConnectTest : TcpStreamTest {
  Result<std::unique_ptr<ByteStream>> connect(Endpoint to, std::string source = "", Duration limit = 5s) {
    return on_loop(loop, [&]() -> Task<Result<std::unique_ptr<ByteStream>>> {
      TcpTransport transport(loop, *client);
      auto stream = co_await transport.connect(to, source, soon(loop, limit));
      if (stream.ok()) (*stream)->close();
      co_return stream;
    });
  }
};

TEST_F(ConnectTest, a_closed_port_is_unavailable) {
  serve(echo);
  Endpoint gone = listener->endpoint();
  listener.reset();
  auto refused = connect(gone);
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_THAT(refused.error().detail, HasSubstr(to_string(gone)));
}

TEST_F(ConnectTest, addresses_are_checked) {
  EXPECT_EQ(connect({.address = "mx.test", .port = 25}).error().code, Code::invalid);
  EXPECT_EQ(connect({.address = "127.0.0.1", .port = 25}, "::1").error().code, Code::invalid);
  EXPECT_EQ(connect({.address = "127.0.0.1", .port = 25}, "nonsense").error().code, Code::invalid);
  EXPECT_EQ(connect({.address = "127.0.0.1", .port = 25}, "192.0.2.1").error().code, Code::unavailable);
}

TEST_F(ConnectTest, sends_from_the_source_asked_for) {
  std::promise<Endpoint> seen;
  serve([&](Connection& connection) -> Task<void> {
    seen.set_value(connection.stream().peer());
    co_return;
  });
  EXPECT_TRUE(connect(listener->endpoint(), "127.0.0.9").ok());
  EXPECT_EQ(seen.get_future().get().address, "127.0.0.9");
}

// A full accept queue drops the SYN: the connect hangs like one to a dead host.
TEST_F(ConnectTest, has_a_deadline) {
  UniqueFd full(::socket(AF_INET, SOCK_STREAM, 0));
  SocketAddress address = *SocketAddress::of(any_port);
  ASSERT_EQ(::bind(full.get(), address.get(), address.size), 0);
  ASSERT_EQ(::listen(full.get(), 0), 0);
  ASSERT_EQ(::getsockname(full.get(), address.get(), &address.size), 0);
  RawClient first(address.endpoint());
  EXPECT_EQ(connect(address.endpoint(), "", 100ms).error().code, Code::timeout);
}

TEST(SocketAddress, literals) {
  for (const char* text : {"192.0.2.1", "2001:db8::1", "::1"})
    EXPECT_EQ(SocketAddress::of({.address = text, .port = 25})->endpoint(),
              (Endpoint{.address = text, .port = 25}));
  EXPECT_EQ(SocketAddress::of({.address = "::ffff:192.0.2.1", .port = 1})->endpoint().address, "192.0.2.1");
  EXPECT_EQ(to_string(Endpoint{.address = "2001:db8::1", .port = 25}), "[2001:db8::1]:25");
  EXPECT_EQ(to_string(Endpoint{.address = "192.0.2.1", .port = 25}), "192.0.2.1:25");
  for (const char* text : {"", "localhost", "1.2.3", "[::1]", "1.2.3.4:5"})
    EXPECT_FALSE(is_ip_literal(text)) << text;
}

TEST(TlsIdentity, pem_that_does_not_fit_is_refused) {
  PemPair one = *make_self_signed({"a.test"});
  PemPair two = *make_self_signed({"a.test"});
  EXPECT_TRUE(TlsIdentity::from_pem(one.certificate, one.key).ok());
  EXPECT_TRUE(TlsIdentity::from_pem(one.certificate + two.certificate, one.key).ok());  // a chain
  EXPECT_EQ(TlsIdentity::from_pem(one.certificate, two.key).error().code, Code::invalid);
  EXPECT_EQ(TlsIdentity::from_pem("", one.key).error().code, Code::invalid);
  EXPECT_EQ(TlsIdentity::from_pem(one.certificate, "").error().code, Code::invalid);
  EXPECT_EQ(TlsIdentity::from_pem(one.certificate + "-----BEGIN CERTIFICATE-----\nAA", one.key).error().code,
            Code::invalid);
  EXPECT_EQ(TlsIdentity::load("/no/such", "/no/such").error().code, Code::not_found);
  EXPECT_EQ(make_self_signed({}).error().code, Code::invalid);
  EXPECT_EQ(make_self_signed({"a,DNS:evil.test"}).error().code, Code::invalid);
  EXPECT_EQ(TlsClient::create({.system = false, .pem = "nonsense"}).error().code, Code::invalid);
}

}  // namespace
}  // namespace postrider::io

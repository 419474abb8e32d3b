// SPDX-License-Identifier: Apache-2.0
#include "testing/simulated_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "testing/sim_stream.h"

namespace postrider::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

std::string verdict(const Error& error) {
  return "error: " + std::string(name(error.code));
}

class SimTest : public ::testing::Test {
 protected:
  // Starts reading to the end; what comes out stands in `into`, with how it ended.
  void read_all(io::ByteStream& stream, std::string& into, Duration patience = 1h, std::size_t pieces = 100) {
    spawn([](io::ByteStream& from, std::string& out, Instant deadline, std::size_t size) -> Task<void> {
      std::string piece(size, '\0');
      for (;;) {
        auto count = co_await from.read(piece, deadline);
        if (!count.ok()) out += "|" + verdict(count.error());
        if (count.ok() && *count == 0) out += "|end";
        if (!count.ok() || *count == 0) co_return;
        out += piece.substr(0, *count);
      }
    }(stream, into, executor.now() + patience, pieces));
  }
  void write(io::ByteStream& stream, std::string_view bytes, std::string* result = nullptr,
             Duration patience = 1h) {
    spawn([](io::ByteStream& to, std::string text, std::string* out, Instant deadline) -> Task<void> {
      auto done = co_await to.write(text, deadline);
      if (out) *out = done.ok() ? "ok" : verdict(done.error());
    }(stream, std::string(bytes), result, executor.now() + patience));
  }
  Duration elapsed() const { return clock.monotonic() - start; }

  FakeClock clock;
  SimExecutor executor{clock};
  Instant start = clock.monotonic();
};

using SimExecutorTest = SimTest;

TEST_F(SimExecutorTest, RunsPostedWorkThenTimersInOrder) {
  std::string order;
  executor.after(2s, [&] { order += "c"; });
  executor.after(1s, [&] {
    order += "b";
    executor.post([&] { order += "!"; });
  });
  executor.post([&] { order += "a"; });
  executor.after(2s, [&] { order += "d"; });
  EXPECT_EQ(order, "") << "never before post returns";
  EXPECT_TRUE(executor.run());
  EXPECT_EQ(order, "ab!cd");
  EXPECT_EQ(elapsed(), 2s);
  EXPECT_EQ(executor.next(), never);
}

TEST_F(SimExecutorTest, CancelledTimersDoNotRun) {
  std::string order;
  const auto first = executor.after(1s, [&] { order += "a"; });
  const auto second = executor.after(2s, [&] { order += "b"; });
  executor.cancel(first);
  executor.cancel(first);
  const auto third = executor.after(3s, [&] { order += "c"; });
  executor.run();
  executor.cancel(second);
  executor.cancel(third);
  EXPECT_EQ(order, "bc");
}

TEST_F(SimExecutorTest, RunUntilStopsTheClockThere) {
  int ran = 0;
  executor.after(1s, [&] { ++ran; });
  executor.after(3s, [&] { ++ran; });
  executor.run_for(2s);
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(elapsed(), 2s);
  EXPECT_EQ(executor.next(), start + 3s);
}

TEST_F(SimExecutorTest, AWaitMayBeDestroyedWhileSuspended) {
  SimWait* place = nullptr;
  {
    auto task = [](SimExecutor& on, SimWait** at) -> Task<void> { co_await SimWait(on, on.now() + 1s, at); }(
                                                      executor, &place);
    task.await_suspend(std::noop_coroutine()).resume();
    EXPECT_NE(place, nullptr);
  }
  EXPECT_EQ(place, nullptr);
  executor.run();
}

using SimStreamTest = SimTest;

TEST_F(SimStreamTest, BytesArriveAfterTheLatency) {
  auto [client, server] = connected_streams(executor, {.latency = 30ms});
  std::string got;
  read_all(*server, got);
  write(*client, "hello ");
  write(*client, "world");
  executor.run_for(29ms);
  EXPECT_EQ(got, "");
  executor.run_for(1ms);
  EXPECT_EQ(got, "hello world");
  client.reset();
  executor.run();
  EXPECT_EQ(got, "hello world|end");
}

TEST_F(SimStreamTest, CutsAnywhereAndLosesNothing) {
  SimLink link;
  link.cut_seed = 5;
  auto [client, server] = connected_streams(executor, link);
  std::string text;
  for (int i = 0; i < 500; ++i) text += std::to_string(i);
  std::string got;
  read_all(*server, got);
  write(*client, text);
  client->close();
  executor.run();
  EXPECT_EQ(got, text + "|end");
  EXPECT_EQ(server->connection().read(End::server), text.size());
}

TEST_F(SimStreamTest, BreaksAtTheNthByteInEitherDirection) {
  SimLink link;
  link.to_server.drop_at = 4;
  auto [client, server] = connected_streams(executor, link);
  std::string at_server, at_client;
  read_all(*server, at_server);
  read_all(*client, at_client);
  write(*client, "abc");
  executor.run_for(1s);
  EXPECT_EQ(at_server, "abc");
  write(*client, "def");
  executor.run();
  EXPECT_EQ(at_server, "abcd|error: closed");
  EXPECT_EQ(at_client, "|error: closed");
  std::string written;
  write(*server, "x", &written);
  EXPECT_EQ(written, "error: closed");
}

TEST_F(SimStreamTest, StallsAndTheDeadlineEndsIt) {
  SimLink link;
  link.to_client.stall_at = 3;
  auto [client, server] = connected_streams(executor, link);
  std::string got, afterwards;
  read_all(*client, got, 5min);
  write(*server, "250 ok");
  server->close();
  executor.run();
  EXPECT_EQ(got, "250|error: timeout");
  EXPECT_EQ(elapsed(), 5min + 1ms) << "the end it sent is the last to arrive";
  read_all(*client, afterwards);
  EXPECT_EQ(afterwards, "|error: closed") << "a stream is closed after a timeout";
}

TEST_F(SimStreamTest, AWriterWaitsForASlowReader) {
  auto [client, server] = connected_streams(executor, {.window = 10});
  std::string result, late;
  write(*client, "0123456789", &result);
  EXPECT_EQ(result, "ok");
  write(*client, "more than fits", &result, 1min);
  EXPECT_EQ(result, "ok") << "still the old one";
  result.clear();
  std::string got;
  executor.run_for(30s);
  EXPECT_EQ(result, "");
  read_all(*server, got, 1h, 4);
  executor.run_for(1s);
  EXPECT_EQ(result, "ok");
  EXPECT_EQ(got, "0123456789more than fits");
  auto [other_client, other_server] = connected_streams(executor, {.window = 10});
  write(*other_client, "nobody reads this", &late, 1min);
  executor.run();
  EXPECT_EQ(late, "error: timeout");
}

TEST_F(SimStreamTest, ClosingWakesItsOwnReader) {
  auto [client, server] = connected_streams(executor);
  std::string got;
  read_all(*client, got);
  client->close();
  EXPECT_EQ(got, "") << "not from within close";
  executor.run();
  EXPECT_EQ(got, "|error: closed");
}

TEST_F(SimStreamTest, TlsTakesARoundTripAndAnswersAsScripted) {
  const auto handshake = [&](SimLink link, bool require_valid) {
    auto [client, server] = connected_streams(executor, std::move(link));
    std::string result;
    spawn([](SimStream& stream, bool required, Instant deadline, std::string& out) -> Task<void> {
      auto facts = co_await stream.start_tls({"mx.example", required}, deadline);
      out = facts.ok() ? facts->version : verdict(facts.error());
    }(*client, require_valid, executor.now() + 1min, result));
    executor.run();
    return result;
  };
  SimLink link{.latency = 20ms};
  EXPECT_EQ(handshake(link, true), "TLSv1.3");
  EXPECT_EQ(elapsed(), 40ms);
  link.tls.certificate_valid = false;
  EXPECT_EQ(handshake(link, false), "TLSv1.3");
  EXPECT_EQ(handshake(link, true), "error: forbidden");
  link.tls_succeeds = false;
  EXPECT_EQ(handshake(link, false), "error: unavailable");
  link.to_server.stall_at = 0;
  EXPECT_EQ(handshake(link, false), "error: timeout");
}

// Says back what it hears.
class EchoHost final : public SimHost {
 public:
  Greeting greeting;
  std::string called_by;

 private:
  struct Echo final : SimReceiver {
    explicit Echo(std::shared_ptr<SimConnection> on) : connection(std::move(on)) {
      connection->attach(End::server, *this);
    }
    ~Echo() override { connection->detach(End::server); }
    void on_bytes(std::string_view bytes) override { connection->write(End::server, bytes); }
    void on_end() override { ended = true; }
    std::shared_ptr<SimConnection> connection;
    bool ended = false;
  };
  Greeting greet(const io::Endpoint&, std::string_view source) override {
    called_by = source;
    return greeting;
  }
  void accept(std::shared_ptr<SimConnection> connection) override {
    echoes.push_back(std::make_unique<Echo>(std::move(connection)));
  }

 public:
  std::vector<std::unique_ptr<Echo>> echoes;
};

class SimulatedNetworkTest : public SimTest {
 protected:
  SimulatedNetworkTest() { network.listen(at, host); }
  void call(Duration patience = 1min) {
    spawn([](io::Transport& transport, io::Endpoint to, Instant deadline, std::string& out,
             std::unique_ptr<io::ByteStream>& into) -> Task<void> {
      auto connected = co_await transport.connect(to, "192.0.2.9", deadline);
      out = connected.ok() ? "connected" : verdict(connected.error());
      if (connected.ok()) into = std::move(*connected);
    }(network.transport("a"), at, executor.now() + patience, result, stream));
  }

  io::Endpoint at{"192.0.2.1", 25};
  SimulatedNetwork network{executor};
  EchoHost host;
  std::string result;
  std::unique_ptr<io::ByteStream> stream;
};

TEST_F(SimulatedNetworkTest, ConnectsToWhoeverListens) {
  call();
  EXPECT_EQ(result, "") << "a round trip away";
  executor.run();
  ASSERT_EQ(result, "connected");
  EXPECT_EQ(host.called_by, "192.0.2.9");
  EXPECT_EQ(elapsed(), 2ms);
  std::string got;
  read_all(*stream, got);
  write(*stream, "hello");
  executor.run_for(1s);
  EXPECT_EQ(got, "hello");
  stream->close();
  executor.run();
  EXPECT_TRUE(host.echoes.front()->ended);
}

TEST_F(SimulatedNetworkTest, RefusesAndIsSilent) {
  host.greeting.answer = SimHost::Answer::refuse;
  call();
  executor.run();
  EXPECT_EQ(result, "error: unavailable");
  host.greeting.answer = SimHost::Answer::silence;
  call(30s);
  executor.run();
  EXPECT_EQ(result, "error: timeout");
  EXPECT_EQ(elapsed(), 30s + 2ms);
  network.stop_listening(at);
  call();
  executor.run();
  EXPECT_EQ(result, "error: unavailable");
}

TEST_F(SimulatedNetworkTest, ACrashBreaksWhatTheNodeHasOpenAndWhatItOpens) {
  call();
  executor.run();
  std::string got;
  read_all(*stream, got);
  host.greeting.answer = SimHost::Answer::silence;
  call(1h);
  network.crash("a");
  executor.run();
  EXPECT_EQ(got, "|error: closed");
  EXPECT_EQ(result, "error: closed");
  EXPECT_LT(elapsed(), 1min);
  EXPECT_TRUE(host.echoes.front()->ended);
  call();
  executor.run();
  EXPECT_EQ(result, "error: closed");
  network.restart("a");
  host.greeting.answer = SimHost::Answer::accept;
  call();
  executor.run();
  EXPECT_EQ(result, "connected");
}

TEST_F(SimulatedNetworkTest, AnIsolatedNodeHearsNothing) {
  call();
  executor.run();
  std::string got;
  read_all(*stream, got, 1min);
  write(*stream, "hello");
  network.isolate("a", true);
  executor.run();
  EXPECT_EQ(got, "|error: timeout");
  call(10s);
  executor.run();
  EXPECT_EQ(result, "error: timeout");
  network.isolate("a", false);
  call();
  executor.run();
  EXPECT_EQ(result, "connected");
}

}  // namespace
}  // namespace postrider::testing

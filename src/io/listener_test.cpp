// SPDX-License-Identifier: Apache-2.0
#include "io/listener.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <deque>

#include "io/runtime.h"
#include "io/test_support.h"

namespace postrider::io {
namespace {

using namespace test;

struct ListenerTest : testing::Test {
  static Task<void> greet(Connection& connection) {
    Instant deadline = soon(connection.loop());
    if (!(co_await connection.stream().write("hello", deadline)).ok()) co_return;
    std::string buffer(10, 0);
    for (;;) {
      connection.set_idle(true);
      auto got = co_await connection.stream().read(buffer, deadline);
      if (!got || *got == 0) break;
    }
    auto ignored = co_await connection.stream().write(connection.draining() ? "bye" : "", deadline);
  }
  void open(Listener::Options options = {}, Listener::Serve serve = greet) {
    options.at = {.address = "127.0.0.1", .port = 0};
    listener = std::move(*Listener::open(runtime.loops(), options, std::move(serve), log));
    listener->start();
  }

  QuietLog log;
  Runtime runtime{2};
  std::unique_ptr<Listener> listener;
};

TEST_F(ListenerTest, every_loop_takes_its_share) {
  std::array<std::atomic<int>, 2> taken{};
  open({}, [&](Connection& connection) -> Task<void> {
    ++taken[&connection.loop() == &runtime.loop(0) ? 0 : 1];
    EXPECT_TRUE(connection.loop().is_here());
    co_await greet(connection);
  });
  EXPECT_NE(listener->endpoint().port, 0);
  for (int i = 0; i < 100; ++i) {
    RawClient client(listener->endpoint());
    EXPECT_EQ(client.receive(5), "hello");
  }
  EXPECT_GT(taken[0], 0);
  EXPECT_GT(taken[1], 0);
  EXPECT_EQ(taken[0] + taken[1], 100);
}

TEST_F(ListenerTest, a_second_server_on_the_port_is_refused) {
  open();
  auto second = Listener::open(runtime.loops(), {.at = listener->endpoint()}, greet, log);
  EXPECT_EQ(second.error().code, Code::unavailable);
  Endpoint again = listener->endpoint();
  listener.reset();
  EXPECT_TRUE(Listener::open(runtime.loops(), {.at = again}, greet, log).ok());
}

TEST_F(ListenerTest, who_comes_before_the_start_waits) {
  listener = std::move(*Listener::open(runtime.loops(), {.at = {"127.0.0.1", 0}}, greet, log));
  RawClient early(listener->endpoint());
  EXPECT_EQ(listener->connections(), 0u);
  listener->start();
  EXPECT_EQ(early.receive(5), "hello");
}

TEST_F(ListenerTest, one_that_never_starts_gives_its_port_back) {
  listener = std::move(*Listener::open(runtime.loops(), {.at = {"127.0.0.1", 0}}, greet, log));
  const auto again = listener->endpoint();
  listener.reset();
  EXPECT_TRUE(Listener::open(runtime.loops(), {.at = again}, greet, log).ok());
}

TEST_F(ListenerTest, a_thousand_idle_connections) {
  open();
  std::deque<RawClient> clients;
  for (int i = 0; i < 1000; ++i) {
    clients.emplace_back(listener->endpoint());
    ASSERT_EQ(clients.back().receive(5), "hello");
  }
  EXPECT_EQ(listener->connections(), 1000u);
  Duration before = runtime.loop(0).cpu_time() + runtime.loop(1).cpu_time();
  std::this_thread::sleep_for(500ms);
  EXPECT_LT(runtime.loop(0).cpu_time() + runtime.loop(1).cpu_time() - before, 50ms);
  listener->stop_accepting();
  listener->drain(soon(runtime.loop(0), 5s));
  EXPECT_EQ(listener->connections(), 0u);
}

TEST_F(ListenerTest, at_its_limit_connections_wait_their_turn) {
  open({.most_connections = 2});  // one per loop
  std::deque<RawClient> clients;
  for (int i = 0; i < 20; ++i) clients.emplace_back(listener->endpoint());
  std::this_thread::sleep_for(100ms);
  EXPECT_LE(listener->connections(), 2u);
  EXPECT_GT(log.alarms, 0);
  // A connection behind in the queue is served when those before it have gone; each loop has its own queue.
  while (!clients.empty()) {
    std::size_t before = clients.size();
    std::erase_if(clients, [](RawClient& client) {
      char byte = 0;
      return ::recv(client.fd(), &byte, 1, MSG_DONTWAIT) == 1;
    });
    if (clients.size() == before) std::this_thread::sleep_for(10ms);
  }
}

TEST_F(ListenerTest, without_descriptors_it_pauses_and_recovers) {
  open();
  std::deque<RawClient> clients;
  clients.emplace_back(listener->endpoint());
  EXPECT_EQ(clients.back().receive(5), "hello");

  // Leaves none: the limit lies at the highest descriptor in use.
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  UniqueFd waiting(::socket(AF_INET, SOCK_STREAM, 0));
  std::vector<UniqueFd> fillers;
  for (int fd = 0; fd < 64; ++fd) fillers.emplace_back(::open("/dev/null", O_RDONLY));
  rlimit none{.rlim_cur = static_cast<rlim_t>(fillers.back().get() + 1), .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);

  SocketAddress address = *SocketAddress::of(listener->endpoint());
  EXPECT_EQ(::connect(waiting.get(), address.get(), address.size), 0);
  Duration busy = runtime.loop(0).cpu_time() + runtime.loop(1).cpu_time();
  std::this_thread::sleep_for(300ms);
  EXPECT_LT(runtime.loop(0).cpu_time() + runtime.loop(1).cpu_time() - busy, 50ms);  // no spin
  EXPECT_GT(log.alarms, 0);

  ::setrlimit(RLIMIT_NOFILE, &before);
  std::string got(5, 0);
  EXPECT_EQ(::recv(waiting.get(), got.data(), got.size(), MSG_WAITALL), 5);
  EXPECT_EQ(got, "hello");
}

TEST_F(ListenerTest, an_idle_peer_is_told_goodbye) {
  open();
  RawClient client(listener->endpoint());
  EXPECT_EQ(client.receive(5), "hello");
  listener->stop_accepting();
  listener->drain(soon(runtime.loop(0), 5s));
  EXPECT_EQ(client.receive_all(), "bye");
}

TEST_F(ListenerTest, stopping_refuses_newcomers) {
  open();
  listener->stop_accepting();
  listener->drain(soon(runtime.loop(0), 1s));
  UniqueFd late(::socket(AF_INET, SOCK_STREAM, 0));
  SocketAddress address = *SocketAddress::of(listener->endpoint());
  EXPECT_EQ(::connect(late.get(), address.get(), address.size), -1);
  EXPECT_EQ(errno, ECONNREFUSED);
}

}  // namespace
}  // namespace postrider::io

// SPDX-License-Identifier: Apache-2.0
#include "io/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <atomic>
#include <cerrno>
#include <latch>
#include <list>
#include <optional>

#include "io/errno_error.h"
#include "io/socket_address.h"
#include "io/tcp_stream.h"

namespace postrider::io {
namespace {

constexpr auto pause = std::chrono::milliseconds(50);
constexpr auto between_alarms = std::chrono::minutes(1);
constexpr int most_accepts_in_a_row = 16;

Result<UniqueFd> tcp_socket(const SocketAddress& address) {
  UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return errno_error(errno, "socket");
  int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return fd;
}

}  // namespace

void Connection::set_idle(bool idle) {
  idle_ = idle;
  if (idle && draining_) stream_->stop_reading();
}

// The listener's part on one loop. Everything but `live` is for that loop's thread only.
struct Listener::Door : std::enable_shared_from_this<Door> {
  Door(Loop& on, UniqueFd fd, std::size_t share, Serve how, Log& to)
      : loop(on), unopened(std::move(fd)), most(share), serve(std::move(how)), log(to) {}

  Loop& loop;
  UniqueFd unopened;                   // until the loop has it
  std::optional<Readiness> listening;  // then
  const std::size_t most;
  Serve serve;
  Log& log;

  std::list<Connection> connections;
  std::atomic<std::size_t> live = 0;
  bool stopping = false;
  bool accepting = false;
  bool draining = false;
  Instant next_alarm{};

  Task<void> accept_all() {
    auto self = shared_from_this();
    listening.emplace(loop, unopened.release());
    accepting = true;
    int in_a_row = 0;
    while (!stopping) {
      if (connections.size() >= most) {
        co_await trouble("connection limit reached");
        continue;
      }
      SocketAddress peer;
      UniqueFd fd(::accept4(listening->fd(), peer.get(), &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (fd) {
        welcome(std::move(fd), peer.endpoint());
        if (++in_a_row % most_accepts_in_a_row == 0) co_await loop.turn();
        continue;
      }
      switch (errno) {
        case EAGAIN:
          co_await listening->wait(Readiness::Way::in, never);
          break;
        case EINTR:
        case ECONNABORTED:
          break;
        // Out of descriptors or memory, mostly: what cannot be accepted now stays in the kernel's queue.
        default:
          co_await trouble(errno_error(errno, "accept").detail);
          break;
      }
    }
    accepting = false;
  }

  Task<void> trouble(std::string what) {
    if (Instant now = loop.now(); now >= next_alarm) {
      next_alarm = now + between_alarms;
      log.alarm("accept paused", {{"reason", what}, {"connections", connections.size()}});
    }
    co_await loop.sleep_until(loop.now() + pause);
  }

  void welcome(UniqueFd fd, Endpoint peer) {
    int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto stream = std::make_unique<TcpStream>(loop, std::move(fd), std::move(peer), nullptr);
    auto at = connections.emplace(connections.end(), loop, std::move(stream), draining);
    ++live;
    spawn(attend(at));
  }

  Task<void> attend(std::list<Connection>::iterator at) {
    auto self = shared_from_this();
    co_await serve(*at);
    connections.erase(at);
    --live;
  }

  void stop() {
    stopping = true;
    if (listening)
      listening->close();
    else
      unopened.reset();
  }

  Task<void> drain(Instant deadline, std::shared_ptr<std::latch> done) {
    auto self = shared_from_this();
    draining = true;
    for (Connection& connection : connections)
      if (connection.idle_) connection.stream_->stop_reading();
    while (!connections.empty() && loop.now() < deadline) co_await rest();
    for (Connection& connection : connections) connection.stream_->close();
    while (!connections.empty() || accepting) co_await rest();
    done->count_down();
  }

  Task<void> rest() { return loop.sleep_until(loop.now() + std::chrono::milliseconds(5)); }
};

Result<std::unique_ptr<Listener>> Listener::open(const std::vector<Loop*>& loops, const Options& options,
                                                 Serve serve, Log& log) {
  SocketAddress address = PR_TRY(SocketAddress::of(options.at));
  std::size_t share = std::max<std::size_t>(1, options.most_connections / loops.size());
  std::vector<std::shared_ptr<Door>> doors;
  for (Loop* loop : loops) {
    UniqueFd fd = PR_TRY(tcp_socket(address));
    int on = 1;
    // The first bind goes without SO_REUSEPORT: a second server on the port, which could otherwise join
    // unnoticed and take half of the connections, is refused.
    if (!doors.empty()) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (::bind(fd.get(), address.get(), address.size) != 0)
      return errno_error(errno, "listen on " + to_string(options.at));
    if (doors.empty()) {
      ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
      if (::getsockname(fd.get(), address.get(), &address.size) != 0)
        return errno_error(errno, "getsockname");
    }
    if (::listen(fd.get(), options.backlog) != 0)
      return errno_error(errno, "listen on " + to_string(options.at));
    doors.push_back(std::make_shared<Door>(*loop, std::move(fd), share, serve, log));
  }
  return std::unique_ptr<Listener>(new Listener(address.endpoint(), std::move(doors)));
}

void Listener::start() {
  for (auto& door : doors_) door->loop.post([door] { spawn(door->accept_all()); });
}

Listener::Listener(Endpoint endpoint, std::vector<std::shared_ptr<Door>> doors)
    : endpoint_(std::move(endpoint)), doors_(std::move(doors)) {}

Listener::~Listener() {
  stop_accepting();
  drain(Instant());
}

std::size_t Listener::connections() const {
  std::size_t total = 0;
  for (const auto& door : doors_) total += door->live;
  return total;
}

void Listener::stop_accepting() {
  for (auto& door : doors_) door->loop.post([door] { door->stop(); });
}

void Listener::drain(Instant deadline) {
  auto done = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(doors_.size()));
  for (auto& door : doors_) door->loop.post([door, deadline, done] { spawn(door->drain(deadline, done)); });
  done->wait();
}

}  // namespace postrider::io

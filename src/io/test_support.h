// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <future>
#include <string>
#include <string_view>

#include "base/log.h"
#include "io/loop.h"
#include "io/socket_address.h"
#include "io/transport.h"
#include "io/unique_fd.h"

// For io's tests only.
namespace postrider::io::test {

using namespace std::chrono_literals;

inline Instant soon(Loop& loop, Duration time = 10s) {
  return loop.now() + time;
}

// Keeps this thread busy for so much of its own time, however little of the machine it gets.
inline void burn_cpu(Duration time) {
  const auto used = [] {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  };
  for (const auto begun = used(); used() < begun + time;) {
  }
}

// Runs a coroutine on a loop and waits for what it returns. `start` is called on the loop.
template <class Start>
auto on_loop(Loop& loop, Start start) {
  using Value = decltype(start().await_resume());
  std::promise<Value> promise;
  auto future = promise.get_future();
  loop.post([&] {
    spawn([](Start& begin, std::promise<Value> done) -> Task<void> {
      if constexpr (std::is_void_v<Value>) {
        co_await begin();
        done.set_value();
      } else {
        done.set_value(co_await begin());
      }
    }(start, std::move(promise)));
  });
  return future.get();
}

class QuietLog final : public Log {
 public:
  void write(Level level, std::string_view, std::initializer_list<Field>) override {
    if (level == Level::alarm) ++alarms;
  }
  std::atomic<int> alarms = 0;
};

// A blocking client without manners, on the test's thread. Receives wait five seconds at most.
class RawClient {
 public:
  explicit RawClient(const Endpoint& to) {
    SocketAddress address = *SocketAddress::of(to);
    fd_.reset(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    timeval limit{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    EXPECT_EQ(::connect(fd_.get(), address.get(), address.size), 0) << errno;
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t put = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
  }

  // Until the text contains `end`, or the stream ends. What comes after `end` is kept for later.
  std::string receive_until(std::string_view end) {
    for (;;) {
      if (std::size_t at = held_.find(end); at != std::string::npos) return take(at + end.size());
      if (!more()) return take(held_.size());
    }
  }
  std::string receive(std::size_t size) {
    while (held_.size() < size && more()) {
    }
    return take(std::min(size, held_.size()));
  }
  std::string receive_all() {
    while (more()) {
    }
    return take(held_.size());
  }
  bool is_closed() {
    char byte = 0;
    ssize_t got = ::recv(fd_.get(), &byte, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }

  void finish() { ::shutdown(fd_.get(), SHUT_WR); }
  void reset() {
    linger abrupt{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
    fd_.reset();
  }
  int fd() const { return fd_.get(); }

 private:
  bool more() {
    char buffer[4096];
    ssize_t got = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    held_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }
  std::string take(std::size_t size) {
    std::string front = held_.substr(0, size);
    held_.erase(0, size);
    return front;
  }

  UniqueFd fd_;
  std::string held_;
};

}  // namespace postrider::io::test

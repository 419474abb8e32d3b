// SPDX-License-Identifier: Apache-2.0
#include "io/signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <utility>

namespace postrider::io {
namespace {

std::atomic<int> pipe_in = -1;

extern "C" void on_posix_signal(int number) {
  int kept = errno;
  char byte = static_cast<char>(number);
  [[maybe_unused]] ssize_t put = ::write(pipe_in.load(std::memory_order_relaxed), &byte, 1);
  errno = kept;
}

void act_on(int number, void (*handler)(int), int flags) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  ::sigaction(number, &action, nullptr);
}

}  // namespace

struct Signals::Watch {
  Watch(Loop& on, int fd, std::function<void(Signal)> then) : pipe_out(on, fd), on_signal(std::move(then)) {}

  Readiness pipe_out;
  std::function<void(Signal)> on_signal;

  static Task<void> run(std::shared_ptr<Watch> self) {
    Woken woken = Woken::ready;
    while (woken != Woken::closed) {
      char number = 0;
      while (::read(self->pipe_out.fd(), &number, 1) == 1)
        self->on_signal(number == SIGHUP ? Signal::reload : Signal::terminate);
      woken = co_await self->pipe_out.wait(Readiness::Way::in, never);
    }
  }
};

Signals::Signals(Loop& loop, std::function<void(Signal)> on_signal) : loop_(loop) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) std::abort();  // nothing works without descriptors
  pipe_in = ends[1];
  loop.post([this, fd = ends[0], then = std::move(on_signal)]() mutable {
    watch_ = std::make_shared<Watch>(loop_, fd, std::move(then));
    spawn(Watch::run(watch_), [ended = ended_] { ended->count_down(); });
  });
  ::signal(SIGPIPE, SIG_IGN);
  act_on(SIGTERM, &on_posix_signal, SA_RESTART);
  act_on(SIGHUP, &on_posix_signal, SA_RESTART);
  act_on(SIGINT, &on_posix_signal, static_cast<int>(SA_RESTART | SA_RESETHAND));
}

Signals::~Signals() {
  for (int number : {SIGTERM, SIGHUP, SIGINT}) act_on(number, SIG_DFL, 0);
  loop_.post([this] { std::exchange(watch_, nullptr)->pipe_out.close(); });
  ended_->wait();  // a loop that is stopped before would never let go of it
  ::close(pipe_in.exchange(-1));
}

}  // namespace postrider::io

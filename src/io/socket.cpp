// SPDX-License-Identifier: Apache-2.0
#include "io/socket.h"

#include <sys/socket.h>

#include <cerrno>

#include "io/errno_error.h"
#include "io/retried.h"

namespace postrider::io {

Step Socket::received(std::ptrdiff_t got) {
  if (got >= 0) return Step::done(static_cast<std::size_t>(got));
  if (errno == EAGAIN) return Step::wait_in();
  return Step::failed(errno_error(errno, "receive"));
}

Step Socket::receive(std::span<char> into) {
  if (drained_) return Step::wait_in();
  ssize_t got = retried([&] { return ::recv(readiness_.fd(), into.data(), into.size(), 0); });
  // The end of the stream stays readable: it does not drain.
  drained_ = got > 0 && static_cast<std::size_t>(got) < into.size();
  return received(got);
}

Step Socket::send(std::string_view bytes) {
  ssize_t put = retried([&] { return ::send(readiness_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL); });
  if (put >= 0) return Step::done(static_cast<std::size_t>(put));
  if (errno == EAGAIN) return Step::wait_out();
  return Step::failed(errno_error(errno, "send"));
}

Step Socket::peek(char& first) {
  return received(retried([&] { return ::recv(readiness_.fd(), &first, 1, MSG_PEEK); }));
}

Step Socket::discard() {
  // With MSG_TRUNC, TCP drops the bytes without copying them (tcp(7)).
  return received(retried([&] { return ::recv(readiness_.fd(), nullptr, 1 << 20, MSG_TRUNC); }));
}

int Socket::take_error() {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(readiness_.fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

Readiness::Wait Socket::wait(Step::Next what, Instant deadline) {
  if (what == Step::Next::wait_in) drained_ = false;
  return readiness_.wait(what == Step::Next::wait_in ? Readiness::Way::in : Readiness::Way::out, deadline);
}

void Socket::stop_reading() {
  ::shutdown(readiness_.fd(), SHUT_RD);
  drained_ = false;
}

void Socket::stop_writing() {
  ::shutdown(readiness_.fd(), SHUT_WR);
}

}  // namespace postrider::io

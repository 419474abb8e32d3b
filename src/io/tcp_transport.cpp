// SPDX-License-Identifier: Apache-2.0
#include "io/tcp_transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>

#include "io/errno_error.h"
#include "io/socket_address.h"
#include "io/tcp_stream.h"

namespace postrider::io {
namespace {

// Without IP_BIND_ADDRESS_NO_PORT, bind would take a port for this source alone and 28,000 connections would
// use them all up; with it the port is chosen by connect, unique only per destination.
bool bind_source(int fd, const SocketAddress& source) {
  int on = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  return ::bind(fd, source.get(), source.size) == 0;
}

}  // namespace

Task<Result<std::unique_ptr<ByteStream>>> TcpTransport::connect(Endpoint to, std::string source,
                                                                Instant deadline) {
  SocketAddress address = PR_CO_TRY(SocketAddress::of(to));
  UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) co_return errno_error(errno, "socket");
  int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!source.empty()) {
    SocketAddress from = PR_CO_TRY(SocketAddress::of({.address = source, .port = 0}));
    if (from.family() != address.family())
      co_return Error{Code::invalid, "source " + source + " cannot reach " + to_string(to)};
    if (!bind_source(fd.get(), from)) co_return errno_error(errno, "send from " + source);
  }
  if (::connect(fd.get(), address.get(), address.size) != 0 && errno != EINPROGRESS)
    co_return errno_error(errno, "connect to " + to_string(to));

  auto stream = std::make_unique<TcpStream>(loop_, std::move(fd), std::move(to), &tls_);
  PR_CO_TRY(co_await stream->connected(deadline));
  co_return std::unique_ptr<ByteStream>(std::move(stream));
}

}  // namespace postrider::io

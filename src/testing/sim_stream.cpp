// SPDX-License-Identifier: Apache-2.0
#include "testing/sim_stream.h"

namespace postrider::testing {
namespace {

Error gone() {
  return {Code::closed, "the connection is gone"};
}

}  // namespace

Task<Result<std::size_t>> SimStream::read(std::span<char> into, Instant deadline) {
  const auto connection = connection_;  // outlives a stream destroyed meanwhile
  for (;;) {
    if (connection->readable(end_)) co_return connection->take(end_, into);
    if (connection->closed(end_)) co_return gone();
    if (connection->ended(end_)) co_return std::size_t{0};
    if (!co_await SimWait(connection->executor(), deadline, connection->reading(end_)))
      co_return timed_out("read");
  }
}

Task<Result<void>> SimStream::write(std::string_view bytes, Instant deadline) {
  if (connection_->closed(end_)) co_return gone();
  connection_->write(end_, bytes);
  while (connection_->congested(end_)) {
    const bool woken = co_await SimWait(connection_->executor(), deadline, connection_->writing(end_));
    if (connection_->closed(end_)) co_return gone();
    if (!woken) co_return timed_out("write");
  }
  co_return Result<void>();
}

Task<Result<io::TlsFacts>> SimStream::start_tls(io::TlsWanted wanted, Instant deadline) {
  if (connection_->closed(end_) || connection_->ended(end_))
    co_return gone();  // nobody will wake us any more
  const auto& link = connection_->link();
  const auto done = connection_->stalled() ? never : connection_->executor().now() + 2 * link.latency;
  // Nothing is in flight, so whoever wakes this means that the connection has come to its end.
  const bool woken =
      co_await SimWait(connection_->executor(), std::min(done, deadline), connection_->reading(end_));
  if (!woken && deadline < done) co_return timed_out("handshake");
  if (woken || !link.tls_succeeds) {
    connection_->close(end_);
    co_return Error{Code::unavailable, "the handshake failed"};
  }
  if (wanted.require_valid && !link.tls.certificate_valid) {
    connection_->close(end_);
    co_return Error{Code::forbidden, "the certificate: " + link.tls.certificate_verdict};
  }
  co_return link.tls;
}

Error SimStream::timed_out(std::string_view doing) {
  connection_->close(end_);
  return {Code::timeout, std::string(doing) + ": no answer in time"};
}

SimStreams connected_streams(SimExecutor& executor, SimLink link) {
  auto connection = std::make_shared<SimConnection>(executor, std::move(link));
  return {std::make_unique<SimStream>(connection, End::client),
          std::make_unique<SimStream>(connection, End::server)};
}

}  // namespace postrider::testing

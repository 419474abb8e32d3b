// SPDX-License-Identifier: Apache-2.0
#include "io/tcp_stream.h"

#include <sys/socket.h>

#include "io/errno_error.h"

namespace postrider::io {
namespace {

// A peer that always has more to read or room to write must not keep the loop from everyone else.
constexpr int longest_unbroken = 32;

constexpr char tls_handshake_record = 0x16;  // RFC 8446 5.1

}  // namespace

template <class Attempt>
Task<Result<std::size_t>> TcpStream::persist(Attempt attempt, Instant deadline) {
  if (++unbroken_ > longest_unbroken) {
    unbroken_ = 0;
    co_await socket_.loop().turn();
  }
  for (;;) {
    if (!socket_.is_open()) co_return Error{Code::closed, "closed by us"};
    Step step = attempt();
    if (step.next == Step::Next::done) co_return step.bytes;
    if (step.next == Step::Next::failed) {
      close();
      co_return std::move(step.error);
    }
    unbroken_ = 0;
    switch (co_await socket_.wait(step.next, deadline)) {
      case Woken::ready:
        break;
      case Woken::timeout:
        co_return Error{Code::timeout, "no progress before the deadline"};
      case Woken::closed:
        co_return Error{Code::closed, "closed by us"};
    }
  }
}

Task<Result<void>> TcpStream::connected(Instant deadline) {
  bool waited = false;
  auto attempt = [&] {
    if (!std::exchange(waited, true)) return Step::wait_out();
    int error = socket_.take_error();
    return error == 0 ? Step::done(0) : Step::failed(errno_error(error, "connect to " + to_string(peer_)));
  };
  PR_CO_TRY(co_await persist(attempt, deadline));
  co_return Result<void>();
}

Task<Result<std::size_t>> TcpStream::read(std::span<char> into, Instant deadline) {
  return persist([this, into] { return tls_ ? tls_->read(into) : socket_.receive(into); }, deadline);
}

Task<Result<void>> TcpStream::write(std::string_view bytes, Instant deadline) {
  while (!bytes.empty()) {
    auto attempt = [this, bytes] { return tls_ ? tls_->write(bytes) : socket_.send(bytes); };
    bytes.remove_prefix(PR_CO_TRY(co_await persist(attempt, deadline)));
  }
  co_return Result<void>();
}

Task<Result<TlsFacts>> TcpStream::handshake(Result<std::unique_ptr<TlsSession>> session, bool require_valid,
                                            Instant deadline) {
  if (!session) {
    close();
    co_return std::move(session).error();
  }
  tls_ = std::move(session).value();
  PR_CO_TRY(co_await persist([this] { return tls_->handshake(); }, deadline));
  TlsFacts facts = tls_->facts();
  if (require_valid && !facts.certificate_valid) {
    close();
    co_return Error{Code::forbidden, "certificate: " + facts.certificate_verdict};
  }
  co_return facts;
}

Task<Result<TlsFacts>> TcpStream::start_tls(TlsWanted wanted, Instant deadline) {
  if (client_ == nullptr || tls_ != nullptr) co_return Error{Code::internal, "start_tls on the wrong stream"};
  bool require_valid = wanted.require_valid;
  co_return co_await handshake(TlsSession::client(*client_, socket_, std::move(wanted)), require_valid,
                               deadline);
}

Task<Result<TlsFacts>> TcpStream::accept_tls(TlsIdentity identity, Instant deadline) {
  if (tls_ != nullptr) co_return Error{Code::internal, "accept_tls twice"};
  co_return co_await handshake(TlsSession::server(identity, socket_), false, deadline);
}

Task<Result<bool>> TcpStream::opens_with_tls(Instant deadline) {
  char first = 0;
  std::size_t got = PR_CO_TRY(co_await persist([&] { return socket_.peek(first); }, deadline));
  if (got == 0) co_return Error{Code::closed, "peer closed"};
  co_return first == tls_handshake_record;
}

void TcpStream::stop_reading() {
  if (socket_.is_open()) socket_.stop_reading();
}

Task<void> TcpStream::finish(Instant deadline) {
  if (!socket_.is_open()) co_return;
  if (tls_) tls_->say_goodbye();
  socket_.stop_writing();
  for (;;) {
    auto dropped = co_await persist([this] { return socket_.discard(); }, deadline);
    if (!dropped || *dropped == 0) break;
  }
  close();
}

void TcpStream::close() {
  if (!socket_.is_open()) return;
  if (tls_) tls_->say_goodbye();
  socket_.close();
}

}  // namespace postrider::io

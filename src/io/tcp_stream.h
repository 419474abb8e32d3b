// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "io/server_stream.h"
#include "io/socket.h"
#include "io/tls_session.h"

namespace postrider::io {

// Both ends of TCP, and TLS over it. Only io includes this: others see ByteStream and ServerStream.
class TcpStream final : public ServerStream {
 public:
  // `client`: what start_tls uses, outliving this; null for accepted connections.
  TcpStream(Loop& loop, UniqueFd fd, Endpoint peer, TlsClient* client)
      : socket_(loop, std::move(fd)), peer_(std::move(peer)), client_(client) {}
  ~TcpStream() override { close(); }

  Task<Result<void>> connected(Instant deadline);  // once connect(2) is under way

  Task<Result<std::size_t>> read(std::span<char> into, Instant deadline) override;
  Task<Result<void>> write(std::string_view bytes, Instant deadline) override;
  Task<Result<TlsFacts>> start_tls(TlsWanted wanted, Instant deadline) override;
  void close() override;

  const Endpoint& peer() const override { return peer_; }
  Task<Result<bool>> opens_with_tls(Instant deadline) override;
  Task<Result<TlsFacts>> accept_tls(TlsIdentity identity, Instant deadline) override;
  void stop_reading() override;
  Task<void> finish(Instant deadline) override;

 private:
  // Tries until it is done, waiting in between; closes when it fails.
  template <class Attempt>
  Task<Result<std::size_t>> persist(Attempt attempt, Instant deadline);
  Task<Result<TlsFacts>> handshake(Result<std::unique_ptr<TlsSession>> session, bool require_valid,
                                   Instant deadline);

  Socket socket_;
  Endpoint peer_;
  TlsClient* client_;
  std::unique_ptr<TlsSession> tls_;
  int unbroken_ = 0;  // operations in a row that did not have to wait
};

}  // namespace postrider::io

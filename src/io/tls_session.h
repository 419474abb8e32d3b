// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "io/byte_stream.h"
#include "io/socket.h"
#include "io/tls_client.h"
#include "io/tls_identity.h"

struct ssl_st;

namespace postrider::io {

// TLS over a socket, as steps: OpenSSL reads and writes the non-blocking socket itself and says what to wait
// for. That costs neither the pair of memory buffers nor the extra copies and handler hops of
// asio::ssl::stream. Only io includes this.
class TlsSession {
 public:
  static Result<std::unique_ptr<TlsSession>> client(TlsClient& client, Socket& socket, TlsWanted wanted);
  static Result<std::unique_ptr<TlsSession>> server(const TlsIdentity& identity, Socket& socket);
  ~TlsSession();

  Step handshake();
  Step read(std::span<char> into);
  Step write(std::string_view bytes);
  void say_goodbye();  // close_notify, as far as the socket takes it at once

  TlsFacts facts() const;  // once the handshake is done

 private:
  friend class TlsClient;
  explicit TlsSession(Socket& socket) : socket_(socket) {}
  static Result<std::unique_ptr<TlsSession>> over(ssl_st* ssl, Socket& socket);
  Step outcome(int result, std::size_t bytes, std::string_view doing);

  struct Free {
    void operator()(ssl_st* ssl) const;
  };
  struct Bio;  // OpenSSL's view of the socket

  Socket& socket_;
  std::unique_ptr<ssl_st, Free> ssl_;
  TlsClient* client_ = nullptr;  // null on the server's side
  std::string host_;
  Error socket_error_;   // why the socket failed below OpenSSL
  bool usable_ = false;  // the handshake is done and nothing has failed since
};

}  // namespace postrider::io

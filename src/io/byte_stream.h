// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"

namespace postrider::io {

// What a handshake established; kept with every delivery attempt. Names as OpenSSL prints them.
struct TlsFacts {
  std::string version;              // "TLSv1.3"; empty = cleartext
  std::string cipher;               // "TLS_AES_256_GCM_SHA384"
  bool certificate_valid = false;   // chain and host name both check out
  std::string certificate_verdict;  // in words, when not valid
  bool resumed =
      false;  // an earlier session was taken up: the certificate and its verdict are that session's
};

// What we ask of a peer's certificate. Opportunistic TLS verifies too, to record the verdict, and goes on.
struct TlsWanted {
  std::string host;  // name for SNI and for the certificate
  bool require_valid = false;
};

// A connected stream of bytes, TCP or TLS over it. One loop, one coroutine at a time in each direction.
// A failed or timed-out operation leaves the stream closed: a half-open state does not exist.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // At least one byte into the front of `into`; 0 = the peer closed. timeout, closed or io otherwise.
  virtual Task<Result<std::size_t>> read(std::span<char> into, Instant deadline) = 0;
  // All of it. `bytes` must stay alive until the task is done.
  virtual Task<Result<void>> write(std::string_view bytes, Instant deadline) = 0;
  // Client handshake on this connection; nothing may be in flight. `forbidden` = the certificate is not what
  // was required; `unavailable` = the handshake failed.
  virtual Task<Result<TlsFacts>> start_tls(TlsWanted wanted, Instant deadline) = 0;
  virtual void close() = 0;
};

}  // namespace postrider::io

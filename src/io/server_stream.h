// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "io/byte_stream.h"
#include "io/tls_identity.h"
#include "io/transport.h"

namespace postrider::io {

// The accepting end of a connection.
class ServerStream : public ByteStream {
 public:
  virtual const Endpoint& peer() const = 0;
  // Whether the peer begins with a TLS handshake instead of plain text. Waits for its first byte, takes
  // nothing.
  virtual Task<Result<bool>> opens_with_tls(Instant deadline) = 0;
  // Server handshake on this connection; nothing may be in flight.
  virtual Task<Result<TlsFacts>> accept_tls(TlsIdentity identity, Instant deadline) = 0;
  // Reads see the end from now on, one that waits too; what is to be said can still be written.
  virtual void stop_reading() = 0;
  // Ends well: says that nothing more will come, then waits for the peer to end too while dropping what it
  // still sends. Closing with unread input would reset the connection, and our last words could be lost with
  // it.
  virtual Task<void> finish(Instant deadline) = 0;
};

}  // namespace postrider::io

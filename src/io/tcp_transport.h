// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "io/loop.h"
#include "io/tls_client.h"
#include "io/transport.h"

namespace postrider::io {

// TCP from one loop. An address that is no literal is `invalid`, as is a source; a refused or unreachable
// one, and a source this machine does not have, are `unavailable`.
class TcpTransport final : public Transport {
 public:
  TcpTransport(Loop& loop, TlsClient& tls) : loop_(loop), tls_(tls) {}
  Task<Result<std::unique_ptr<ByteStream>>> connect(Endpoint to, std::string source,
                                                    Instant deadline) override;

 private:
  Loop& loop_;
  TlsClient& tls_;  // outlives every stream
};

}  // namespace postrider::io

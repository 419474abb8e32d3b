// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "io/byte_stream.h"

namespace postrider::io {

// An IP literal and a port: "192.0.2.1" or "2001:db8::1", without brackets.
struct Endpoint {
  std::string address;
  std::uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};
std::string to_string(const Endpoint& endpoint);  // "192.0.2.1:25", "[2001:db8::1]:25"

// Opens connections to other hosts. The seam between the road and the network: Asio in production, scripted
// peers in simulation. Called on the loop that will own the stream.
class Transport {
 public:
  virtual ~Transport() = default;
  // `source` is the local address to send from; empty lets the system choose.
  virtual Task<Result<std::unique_ptr<ByteStream>>> connect(Endpoint to, std::string source,
                                                            Instant deadline) = 0;
};

}  // namespace postrider::io

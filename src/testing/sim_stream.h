// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <utility>

#include "io/byte_stream.h"
#include "testing/sim_connection.h"

namespace postrider::testing {

// One end of a SimConnection as the product knows streams. Deadlines are moments of the executor's clock; a
// TLS handshake takes one round trip, and the bytes after it pass as they are. Destruction closes.
class SimStream final : public io::ByteStream {
 public:
  SimStream(std::shared_ptr<SimConnection> connection, End end)
      : connection_(std::move(connection)), end_(end) {}
  ~SimStream() override { connection_->close(end_); }
  SimStream(const SimStream&) = delete;
  SimStream& operator=(const SimStream&) = delete;

  Task<Result<std::size_t>> read(std::span<char> into, Instant deadline) override;
  Task<Result<void>> write(std::string_view bytes, Instant deadline) override;
  Task<Result<io::TlsFacts>> start_tls(io::TlsWanted wanted, Instant deadline) override;
  void close() override { connection_->close(end_); }

  SimConnection& connection() { return *connection_; }

 private:
  Error timed_out(std::string_view doing);

  std::shared_ptr<SimConnection> connection_;
  End end_;
};

struct SimStreams {
  std::unique_ptr<SimStream> client;
  std::unique_ptr<SimStream> server;
};
SimStreams connected_streams(SimExecutor& executor, SimLink link = {});

}  // namespace postrider::testing

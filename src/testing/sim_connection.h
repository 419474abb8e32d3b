// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/byte_stream.h"
#include "testing/seeded_random.h"
#include "testing/sim_executor.h"

namespace postrider::testing {

inline constexpr std::uint64_t nowhere = std::numeric_limits<std::uint64_t>::max();

// How one connection behaves. Bytes are counted per direction from 0.
struct SimLink {
  struct Way {
    std::uint64_t drop_at = nowhere;     // the connection breaks when this many bytes have arrived
    std::uint64_t stall_at = nowhere;    // later ones never arrive, nor does the end
    std::uint64_t trickle_at = nowhere;  // later ones arrive one every `trickle`; the end never does
  };
  Duration trickle = std::chrono::minutes(2);
  Duration latency = std::chrono::milliseconds(1);  // one way
  Way to_server = {};
  Way to_client = {};
  std::uint64_t cut_seed = 0;       // not 0: reads give pieces cut anywhere, by this seed
  std::size_t window = 256 * 1024;  // a writer waits while the peer has this much to read
  bool tls_succeeds = true;         // the client's handshake, with what it finds
  io::TlsFacts tls = {"TLSv1.3", "TLS_AES_256_GCM_SHA384", true, ""};
};

enum class End : std::uint8_t { client, server };
constexpr End other(End end) {
  return end == End::client ? End::server : End::client;
}

// Whoever takes bytes by callback instead of by coroutine; called by the executor. It may write to and close
// the connection, and be destroyed after SimConnection::detach.
class SimReceiver {
 public:
  virtual ~SimReceiver() = default;
  virtual void on_bytes(std::string_view bytes) = 0;
  virtual void on_end() = 0;  // closed by the other end, or broken; at most once
};

// Two ends and the bytes between them, in virtual time. Shared by what holds its ends and by the bytes in
// flight.
class SimConnection : public std::enable_shared_from_this<SimConnection> {
 public:
  SimConnection(SimExecutor& executor, SimLink link);

  void write(End from, std::string_view bytes);
  void close(End end);                   // what was written still arrives
  void swallow() { swallowed_ = true; }  // from now on nothing arrives any more, at either end
  void reset();                          // at both ends at once: bytes that arrived can be read, nothing else

  void attach(End end, SimReceiver& receiver);
  void detach(End end) { side(end).receiver = nullptr; }

  // For the coroutine at an end; `waiting` is where SimWait registers.
  std::size_t take(End end, std::span<char> into);
  bool readable(End end) const { return side(end).arrived > side(end).taken; }
  bool ended(End end) const { return side(end).end_arrived; }
  // Nothing can be sent any more: closed here, broken, or the other end is gone.
  bool closed(End end) const { return broken_ || side(end).closed; }
  bool broken() const { return broken_; }
  bool congested(End from) const;
  bool stalled() const;  // in either direction: a handshake cannot come to its end
  SimWait** reading(End end) { return &side(end).reader; }
  SimWait** writing(End end) { return &side(end).writer; }

  std::uint64_t written(End from) const { return side(other(from)).sent; }  // bytes it has written so far
  std::uint64_t read(End end) const { return side(end).taken; }             // bytes it has taken so far
  const SimLink& link() const { return link_; }
  SimExecutor& executor() { return executor_; }

 private:
  // What goes to one end.
  struct Side {
    std::string buffer;  // bytes [base, sent)
    std::uint64_t base = 0;
    std::uint64_t sent = 0;
    std::uint64_t arrived = 0;  // taken <= arrived <= sent
    std::uint64_t taken = 0;
    bool end_arrived = false;
    bool closed = false;     // this end closed itself
    bool trickling = false;  // the next octet is on its way
    SimReceiver* receiver = nullptr;
    SimWait* reader = nullptr;
    SimWait* writer = nullptr;  // of this end, waiting for the other to read
  };
  Side& side(End end) { return sides_[static_cast<std::size_t>(end)]; }
  const Side& side(End end) const { return sides_[static_cast<std::size_t>(end)]; }
  const SimLink::Way& way_to(End end) const { return end == End::server ? link_.to_server : link_.to_client; }
  void arrive(End end, std::uint64_t upto);
  void trickle(End end);
  void arrive_end(End end);
  void deliver(End end);
  void tell_end(End end);
  void wake(End end);

  SimExecutor& executor_;
  SimLink link_;
  SeededRandom cuts_;
  std::array<Side, 2> sides_;
  bool broken_ = false;
  bool swallowed_ = false;
};

}  // namespace postrider::testing

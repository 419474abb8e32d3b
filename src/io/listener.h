// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/task.h"
#include "io/loop.h"
#include "io/server_stream.h"

namespace postrider::io {

// An accepted connection while it is served, on the loop that accepted it.
class Connection {
 public:
  Connection(Loop& loop, std::unique_ptr<ServerStream> stream, const bool& draining)
      : loop_(loop), stream_(std::move(stream)), draining_(draining) {}

  ServerStream& stream() { return *stream_; }
  Loop& loop() { return loop_; }
  // Between requests: a drain ends the connection now (reads see the end, last words can be written). When
  // one is under way already, it does so at once.
  void set_idle(bool idle);
  bool draining() const { return draining_; }  // finish what is begun and close

 private:
  friend class Listener;
  Loop& loop_;
  std::unique_ptr<ServerStream> stream_;
  const bool& draining_;
  bool idle_ = false;
};

// A TCP door open on every loop at once: SO_REUSEPORT lets the kernel spread connections over them, and each
// lives and dies on the loop that accepted it. Out of descriptors or at its limit it pauses and lets the
// kernel queue; it neither spins nor dies.
//
// Made and destroyed by app, off the loops, which must be running. Destruction closes whatever is left and
// waits for it to end.
class Listener {
 public:
  struct Options {
    Endpoint at{};  // port 0 = any free one, the same on every loop
    std::size_t most_connections = 20'000;
    int backlog = 1024;
  };
  // Serves one connection until it ends; the stream is closed afterwards. Called on the connection's loop,
  // for several connections at a time.
  using Serve = std::function<Task<void>(Connection&)>;

  // The port is taken from here on: the kernel queues who comes until start(). Fails with `unavailable` when
  // somebody else has it.
  static Result<std::unique_ptr<Listener>> open(const std::vector<Loop*>& loops, const Options& options,
                                                Serve serve, Log& log);
  ~Listener();

  void start();  // once

  const Endpoint& endpoint() const { return endpoint_; }  // with the port that was picked
  std::size_t connections() const;                        // being served now. Any thread.

  void stop_accepting();
  // After stop_accepting(): ends idle connections, waits for the others until the deadline, then closes them.
  // Blocks the calling thread, which must not be a loop's.
  void drain(Instant deadline);

 private:
  struct Door;
  Listener(Endpoint endpoint, std::vector<std::shared_ptr<Door>> doors);

  const Endpoint endpoint_;
  std::vector<std::shared_ptr<Door>> doors_;  // one per loop
};

}  // namespace postrider::io

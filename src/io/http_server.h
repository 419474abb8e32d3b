// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/log.h"
#include "io/http_exchange.h"
#include "io/listener.h"
#include "protocol/http/request_parser.h"
#include "protocol/http/response.h"

namespace postrider::io {

// Answers one request; called when its head has come, on the connection's loop. It may take its time:
// requests behind it on the same connection wait, others do not. An answer given without taking in the body
// ends the connection unless the body has arrived already. `exchange` dies with the returned task.
using HttpHandler = std::function<Task<http::Response>(HttpExchange& exchange)>;

struct HttpOptions {
  Listener::Options door;
  // What TLS is served with; null = none. Outlives the server.
  const CurrentIdentity* identity = nullptr;
  // Who may speak without TLS. The others are told so, whatever they ask.
  std::function<bool(const Endpoint& peer)> plaintext_allowed = [](const Endpoint&) { return false; };
  // The answer to what is not a request we can read; status and words come from the parser.
  std::function<http::Response(int status, std::string_view reason)>
      refuse;  // default: the words as plain text

  http::RequestLimits limits;
  std::size_t body_budget = std::size_t{256}
                            << 20;                // bytes in handlers' hands: bodies, and what they unpack to
  Duration head_time = std::chrono::seconds(10);  // TLS handshake; from a request's first byte to its head
  Duration idle_time = std::chrono::seconds(60);  // between requests
  Duration body_time = std::chrono::seconds(10);  // head start before `body_rate` counts
  Duration answer_time = std::chrono::seconds(30);  // the same for a client that takes its answer slowly
  std::size_t body_rate = 1024;                     // bytes per second a peer must keep up
};

// What happened so far, for metrics.
struct HttpCounts {
  std::uint64_t connections = 0;
  std::uint64_t plaintext_refused = 0;
  std::uint64_t handshakes_failed = 0;
  std::uint64_t unreadable = 0;            // requests the parser refused
  std::array<std::uint64_t, 6> answers{};  // by first digit of the status
  std::size_t open = 0;                    // connections now
  std::size_t body_bytes = 0;              // of the budget, now
};

// An HTTP/1.1 server, TLS and plain on one port: the first byte tells. Made and destroyed by app, off the
// loops.
class HttpServer {
 public:
  static Result<std::unique_ptr<HttpServer>> open(const std::vector<Loop*>& loops, HttpOptions options,
                                                  HttpHandler handler, Log& log);
  void start() { listener_->start(); }  // see Listener
  const Endpoint& endpoint() const { return listener_->endpoint(); }
  HttpCounts counts() const;  // any thread

  void stop_accepting() { listener_->stop_accepting(); }
  void drain(Instant deadline) { listener_->drain(deadline); }  // see Listener

 private:
  friend class HttpSession;
  HttpServer(HttpOptions options, HttpHandler handler)
      : options_(std::move(options)), handler_(std::move(handler)) {}
  bool reserve(std::size_t bytes);
  void release(std::size_t bytes) { body_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

  HttpOptions options_;
  HttpHandler handler_;
  std::atomic<std::size_t> body_bytes_ = 0;
  std::atomic<std::uint64_t> connections_ = 0, plaintext_refused_ = 0, handshakes_failed_ = 0,
                             unreadable_ = 0;
  std::array<std::atomic<std::uint64_t>, 6> answers_{};
  std::unique_ptr<Listener> listener_;  // last: connections use everything above
};

}  // namespace postrider::io

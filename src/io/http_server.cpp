// SPDX-License-Identifier: Apache-2.0
#include "io/http_server.h"

#include "io/http_session.h"

namespace postrider::io {
namespace {

http::Response refuse_in_words(int status, std::string_view reason) {
  http::Response response;
  response.status = status;
  response.body = std::string(reason) + "\n";
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  return response;
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::open(const std::vector<Loop*>& loops, HttpOptions options,
                                                     HttpHandler handler, Log& log) {
  if (!options.refuse) options.refuse = refuse_in_words;
  Listener::Options door = options.door;
  std::unique_ptr<HttpServer> server(new HttpServer(std::move(options), std::move(handler)));
  auto serve = [&server = *server](Connection& connection) -> Task<void> {
    HttpSession session(server, connection);
    co_await session.run();
  };
  server->listener_ = PR_TRY(Listener::open(loops, door, serve, log));
  return server;
}

bool HttpServer::reserve(std::size_t bytes) {
  if (body_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= options_.body_budget) return true;
  release(bytes);
  return false;
}

HttpCounts HttpServer::counts() const {
  HttpCounts counts{.connections = connections_,
                    .plaintext_refused = plaintext_refused_,
                    .handshakes_failed = handshakes_failed_,
                    .unreadable = unreadable_,
                    .answers = {},
                    .open = listener_->connections(),
                    .body_bytes = body_bytes_};
  for (std::size_t i = 0; i < answers_.size(); ++i) counts.answers[i] = answers_[i];
  return counts;
}

}  // namespace postrider::io

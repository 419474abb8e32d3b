// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <string>
#include <string_view>

#include "io/http_server.h"

namespace postrider::io {

// One connection of an HttpServer: requests one after the other, each answered before the next is looked at.
// Only io includes this.
class HttpSession final : private HttpExchange {
 public:
  HttpSession(HttpServer& server, Connection& connection)
      : server_(server), connection_(connection), parser_(server.options_.limits) {}
  Task<void> run();

 private:
  enum class Found { request, nothing, refused };

  const http::Request& request() const override { return parser_.request(); }
  const Endpoint& peer() const override { return connection_.stream().peer(); }
  bool is_encrypted() const override { return encrypted_; }
  Executor& home() override { return connection_.loop(); }
  Task<Result<std::string>> body(std::size_t most) override;
  bool reserve(std::size_t bytes) override;

  Task<bool> begin();
  Task<Found> next_head();
  Task<bool> answer_one();  // whether the connection goes on
  Task<bool> send(http::Response response, http::Answering to);
  Task<Result<void>> read_more(Instant deadline);
  bool body_is_over();
  http::Response refusal() const;
  Instant in(Duration time) const { return connection_.loop().now() + time; }

  HttpServer& server_;
  Connection& connection_;
  http::RequestParser parser_;
  std::array<char, 4096> buffer_;  // heads and small bodies
  std::string big_;                // big bodies, and what came after one
  std::string_view input_;         // what of either is not parsed yet
  std::string out_;                // an answer on its way
  std::size_t reserved_ = 0;       // of the body budget
  bool encrypted_ = false;
  bool complete_ = false;  // the request at hand has come whole
  bool asked_ = false;     // the handler has begun to take its body in
  bool first_ = true;
};

}  // namespace postrider::io

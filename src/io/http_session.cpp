// SPDX-License-Identifier: Apache-2.0
#include "io/http_session.h"

#include <fmt/chrono.h>

#include "io/system_clock.h"

namespace postrider::io {
namespace {

constexpr auto goodbye_time = std::chrono::seconds(5);
constexpr std::size_t one_write = std::size_t{16} << 10;  // a body up to this goes out together with its head
constexpr std::size_t big_read = std::size_t{64} << 10;

constexpr std::string_view plaintext_words =
    "This door speaks HTTPS. Plain HTTP is answered on loopback and to the networks in http.plaintext_from "
    "only.\n";

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7), made once a second.
const std::string& date() {
  thread_local std::int64_t made_at = -1;
  thread_local std::string text;
  if (std::int64_t now = seconds(SystemClock().wall()); now != made_at) {
    made_at = now;
    text = fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", fmt::gmtime(now));
  }
  return text;
}

http::Response in_words(int status, std::string_view words) {
  http::Response response{.status = status, .headers = {}, .body = std::string(words), .close = true};
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  return response;
}

Duration time_for(std::size_t bytes, std::size_t per_second) {
  return std::chrono::milliseconds(bytes * 1000 / per_second);
}

}  // namespace

Task<void> HttpSession::run() {
  ++server_.connections_;
  if (!co_await begin()) co_return;
  while (co_await answer_one()) {
  }
}

// Whether this connection may speak to us at all.
Task<bool> HttpSession::begin() {
  const HttpOptions& options = server_.options_;
  ServerStream& stream = connection_.stream();
  Instant deadline = in(options.head_time);
  if (options.identity != nullptr) {
    connection_.set_idle(true);
    auto tls = co_await stream.opens_with_tls(deadline);
    connection_.set_idle(false);
    if (!tls) co_return false;
    if (*tls) {
      encrypted_ = (co_await stream.accept_tls(options.identity->get(), deadline)).ok();
      if (!encrypted_) ++server_.handshakes_failed_;
      co_return encrypted_;
    }
  }
  if (options.plaintext_allowed(stream.peer())) co_return true;
  ++server_.plaintext_refused_;
  co_return co_await send(in_words(403, plaintext_words), {});
}

Task<Result<void>> HttpSession::read_more(Instant deadline) {
  big_ = {};
  std::size_t got = PR_CO_TRY(co_await connection_.stream().read(buffer_, deadline));
  if (got == 0) co_return Error{Code::closed, "peer closed"};
  input_ = {buffer_.data(), got};
  co_return Result<void>();
}

Task<HttpSession::Found> HttpSession::next_head() {
  const HttpOptions& options = server_.options_;
  complete_ = asked_ = false;
  Instant deadline = in(first_ || !input_.empty() ? options.head_time : options.idle_time);
  bool begun = false;
  first_ = false;
  for (;;) {
    if (!input_.empty()) {
      switch (parser_.parse(input_)) {
        case http::Step::head:
          co_return Found::request;
        case http::Step::refused:
          co_return Found::refused;
        case http::Step::need_more:
        case http::Step::complete:
          break;
      }
    }
    bool idle = parser_.idle();
    if (!idle && !std::exchange(begun, true)) deadline = in(options.head_time);
    connection_.set_idle(idle);
    auto more = co_await read_more(deadline);
    connection_.set_idle(false);
    if (!more) co_return Found::nothing;
  }
}

http::Response HttpSession::refusal() const {
  ++server_.unreadable_;
  const http::Refusal& why = parser_.refusal();
  http::Response response = server_.options_.refuse(why.status, why.reason);
  response.close = true;
  return response;
}

Task<bool> HttpSession::answer_one() {
  switch (co_await next_head()) {
    case Found::nothing:
      co_return false;
    case Found::refused:
      co_return co_await send(refusal(), {});
    case Found::request:
      break;
  }
  http::Answering to = http::answering(parser_.request());
  http::Response response = co_await server_.handler_(*this);
  server_.release(std::exchange(reserved_, 0));  // The body is the handler's, and the handler is done.
  if (!body_is_over() || connection_.draining()) to.keep_alive = false;
  if (complete_) parser_.take();
  co_return co_await send(std::move(response), to);
}

// Whether the request at hand has come whole, taken in by the handler or just in time to be passed over.
bool HttpSession::body_is_over() {
  if (complete_ || asked_) return complete_;
  parser_.deliver_body_to([](std::string_view) {});
  complete_ = parser_.parse(input_) == http::Step::complete;
  return complete_;
}

bool HttpSession::reserve(std::size_t bytes) {
  if (!server_.reserve(bytes)) return false;
  reserved_ += bytes;
  return true;
}

Task<Result<std::string>> HttpSession::body(std::size_t most) {
  const HttpOptions& options = server_.options_;
  std::string body;
  if (complete_) co_return body;
  asked_ = true;
  parser_.limit_body(most);
  parser_.deliver_body_to([&body](std::string_view bytes) { body += bytes; });
  if (parser_.request().expects_continue && input_.empty())
    PR_CO_TRY(co_await connection_.stream().write(http::continue_100, in(options.answer_time)));

  const Instant begun = connection_.loop().now();
  std::size_t received = 0;
  for (;;) {
    if (!reserve(input_.size())) co_return Error{Code::unavailable, "too many bodies at a time"};
    received += input_.size();
    switch (parser_.parse(input_)) {
      case http::Step::complete:
        complete_ = true;
        co_return body;
      case http::Step::refused:
        co_return Error{parser_.refusal().status == 413 ? Code::exhausted : Code::invalid,
                        std::string(parser_.refusal().reason)};
      case http::Step::need_more:
      case http::Step::head:
        break;
    }
    // Small bodies are here by now; the buffer for big ones lives only as long as they take.
    if (big_.empty()) big_.resize(big_read);
    Instant deadline = begun + options.body_time + time_for(received, options.body_rate);
    std::size_t got = PR_CO_TRY(co_await connection_.stream().read(big_, deadline));
    if (got == 0) co_return Error{Code::closed, "peer closed within a body"};
    input_ = std::string_view(big_).substr(0, got);
  }
}

Task<bool> HttpSession::send(http::Response response, http::Answering to) {
  auto first_digit = static_cast<std::size_t>(response.status / 100);
  if (first_digit < server_.answers_.size())
    server_.answers_[first_digit].fetch_add(1, std::memory_order_relaxed);
  response.headers.add("Date", date());
  Instant deadline =
      in(server_.options_.answer_time + time_for(response.body.size(), server_.options_.body_rate));

  out_.clear();
  http::append_head(out_, response, to);
  bool body = http::sends_body(response, to);
  bool together = body && response.body.size() <= one_write;
  if (together) out_ += response.body;
  ServerStream& stream = connection_.stream();
  if (!(co_await stream.write(out_, deadline)).ok()) co_return false;
  if (body && !together && !(co_await stream.write(response.body, deadline)).ok()) co_return false;
  if (http::stays_open(response, to)) co_return true;
  co_await stream.finish(in(goodbye_time));
  co_return false;
}

}  // namespace postrider::io

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/http/request.h"

namespace postrider::http {

struct RequestLimits {
  std::size_t line = std::size_t{8} << 10;   // request line, or one header line
  std::size_t head = std::size_t{32} << 10;  // all lines; chunk extensions and trailers may be as much again
  std::size_t headers = 100;
  std::size_t body = std::size_t{30} << 20;
  std::size_t chunk_extension = 256;  // of one chunk
};

// Why a request is not served. After it nothing more can be read from the connection: answer and close.
struct Refusal {
  int status = 400;
  std::string_view reason;  // in words, static storage
};

enum class Step {
  need_more,  // all bytes are consumed and the request is not complete
  head,       // request() has everything but the body: authorise, then parse on, or answer and close
  complete,   // take() the request; bytes that are left belong to the next one
  refused,    // see refusal()
};

// Reads requests from one connection, strictly (RFC 9112): what two parsers could read differently is
// refused. Bytes may be cut anywhere; the answer is the same. Holds no socket and no timer, so 408 is for its
// owner to say.
//
//   std::string_view in = received;
//   for (auto step = parser.parse(in); step != Step::need_more; step = parser.parse(in)) …
//
// A request without body is complete at once, so parse on after `head` even when nothing is left of `in`.
class RequestParser {
 public:
  explicit RequestParser(const RequestLimits& limits = {}) : limits_(limits) {}

  // Consumes from the front of `in` up to the next thing worth telling.
  Step parse(std::string_view& in);

  const Request& request() const { return request_; }
  const Refusal& refusal() const { return refusal_; }
  // The complete request; the parser then waits for the next one.
  Request take();
  // Not one byte of a next request has come: the connection may be closed without a word.
  bool idle() const { return state_ == State::request_line && !progress_.begun; }

  // At `head` only, and for this request only: a smaller body, and where it goes instead of request().body.
  void limit_body(std::size_t bytes) { body_limit_ = std::min(bytes, limits_.body); }
  using BodySink = std::move_only_function<void(std::string_view)>;
  void deliver_body_to(BodySink sink) { sink_ = std::move(sink); }

 private:
  enum class State {
    request_line,
    header,
    body_starts,
    sized,  // a body of Content-Length
    chunk_size,
    chunk,
    chunk_end,
    trailer,
    complete,
    refused,
  };
  enum class Line { more, whole, refused };
  struct LineLimit {
    std::size_t bytes;  // without CRLF
    Refusal too_long;
  };
  // What is known of the request being read besides request_.
  struct Progress {
    bool begun = false;                                                  // bytes of it have come
    bool blank_line = false;                                             // an empty line came before it
    bool host = false, length = false, encoding = false, close = false;  // fields seen
    std::size_t fields = 0;
    std::size_t head = 0;     // bytes of the header section; then of chunk extensions and trailers
    std::uint64_t left = 0;   // body bytes to come, of this chunk if chunked
    std::uint64_t total = 0;  // body bytes of all chunks so far
  };

  LineLimit line_limit() const;
  Line next_line(std::string_view& in);
  bool read_line();
  bool read_request_line();
  bool read_target(std::string_view target);
  std::optional<Header> read_field();
  bool note_field(const Header& field);
  bool end_head();
  bool begin_body();
  bool read_chunk_size();
  void take_body(std::string_view& in);
  bool refuse(int status, std::string_view reason);

  RequestLimits limits_;
  State state_ = State::request_line;
  Request request_;
  Refusal refusal_;
  Progress progress_;
  std::size_t body_limit_ = 0;
  BodySink sink_;
  std::string held_;       // the beginning of a line whose end has not come
  std::string_view line_;  // the line next_line() found, in its input or in held_
};

}  // namespace postrider::http

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>

#include "base/executor.h"
#include "base/result.h"
#include "base/task.h"
#include "io/transport.h"
#include "protocol/http/request.h"

namespace postrider::io {

// One request while it is answered. Its head is complete; its body may still be on the way, so that a request
// that is not allowed or too large is refused before a byte of it is taken in.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  virtual const http::Request& request() const = 0;  // its body is empty: ask body()
  virtual const Endpoint& peer() const = 0;
  virtual bool is_encrypted() const = 0;
  virtual Executor& home() = 0;  // the loop this runs on: where to come back to from other threads
  // Takes the body in, once; a client that waits for 100 Continue is told to go on. `exhausted` = longer than
  // `most`, `unavailable` = the server's memory for bodies is used up, `invalid` = not HTTP, `timeout` = too
  // slow, `closed`. After an error the connection ends with the answer.
  virtual Task<Result<std::string>> body(std::size_t most) = 0;
  // Takes `bytes` of the same memory for what the body becomes in the handler's hands, until it has answered;
  // false = there is not so much left. One thread at a time, any.
  [[nodiscard]] virtual bool reserve(std::size_t bytes) = 0;
};

}  // namespace postrider::io

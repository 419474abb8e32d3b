// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <variant>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "edge/api/authenticator.h"
#include "edge/api/router.h"
#include "io/http_exchange.h"
#include "io/worker_pool.h"

namespace postrider::api {

// The HTTP door: from a request's head to its answer, the same way for every operation. It finds the route,
// lets the caller in, takes the body, reads the JSON, and only then asks the operation. Nothing of a body is
// taken in for a caller who may not send one. Any loop; the parts it is given outlive it.
class Door {
 public:
  struct Parts {
    const Router& router;
    const Authenticator& authenticator;
    const Clock& clock;
    Random& random;
    io::WorkerPool& workers;
    Log& log;
    std::function<Executor&()> here;  // the loop whose thread this is
    // Tells of a key that was let in; may be empty.
    std::function<void(const Tenant&, const ApiKeyId&, Time)> used{};
  };
  explicit Door(Parts parts) : parts_(std::move(parts)) {}

  // For io::HttpServer. Every answer carries X-Request-Id.
  Task<http::Response> answer(io::HttpExchange& exchange) const;

 private:
  Task<http::Response> serve(io::HttpExchange& exchange, const Route& route, const Handler& handler,
                             Visit visit) const;
  std::variant<Authenticator::Caller, http::Response> admit(const Route& route, const Visit& visit) const;

  Parts parts_;
};

}  // namespace postrider::api

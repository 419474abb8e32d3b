// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/task.h"
#include "io/transport.h"
#include "io/worker_pool.h"
#include "model/tenant.h"
#include "protocol/http/request.h"
#include "protocol/json/value.h"

namespace postrider::api {

// The values of a path's {parameters}, decoded, in order.
class PathParameters {
 public:
  void push(std::string_view name, std::string value) { list_.emplace_back(name, std::move(value)); }
  std::string_view operator[](std::string_view name) const {  // one that the route does not have is our bug
    for (const auto& [known, value] : list_)
      if (known == name) return value;
    return {};
  }

 private:
  std::vector<std::pair<std::string_view, std::string>> list_;
};

// A request that anybody may make, while it is answered. Everything in it lives until the handler's task
// ends.
struct Visit {
  const http::Request& request;
  const io::Endpoint& peer;
  Executor& home;           // the connection's loop: whoever was away resumes here
  io::WorkerPool& workers;  // for what would hold the loop up
  Time now;
  std::string request_id;  // also told to the client, and in the log
  PathParameters path{};
};

// A request made with an API key whose scopes cover it. What it may see hangs on `tenant`.
struct Call : Visit {
  Call(Visit visit, Tenant who, ApiKeyId with) : Visit(std::move(visit)), tenant(who), key(with) {}

  Tenant tenant;
  ApiKeyId key;
  std::string body{};  // its bytes, decoded; empty unless the route takes one
  json::Value json{};  // the same, read

  // Bodies up to this are read and checked on the loop: less than a tenth of a millisecond.
  static constexpr std::size_t quick = std::size_t{32} << 10;

  // Runs work whose time grows with the body: here when it is small, on a worker when it is not. `exhausted`
  // when the workers are behind.
  template <class Fn>
  auto in_proportion(Fn fn) -> Task<typename io::detail::AsResult<std::invoke_result_t<Fn&>>::type> {
    if (body.size() > quick) co_return co_await io::run_on(workers, home, std::move(fn));
    if constexpr (std::is_void_v<std::invoke_result_t<Fn&>>) {
      fn();
      co_return Result<void>();
    } else {
      co_return fn();
    }
  }
};

}  // namespace postrider::api

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <variant>

#include "base/task.h"
#include "edge/api/call.h"
#include "protocol/http/request.h"
#include "protocol/http/response.h"

namespace postrider::api {

// How much of a server one request may cost, which decides how often it may be made.
enum class RateClass : std::uint8_t {
  probe,  // answered from memory; machines ask all the time
  mail,   // the reason this server exists
};

// Who may call.
enum class Access : std::uint8_t {
  anyone,           // says nothing that is not public
  key,              // an API key with the route's scope
  neighbour_or_key  // whoever asks from this machine, else as `key`
};

enum class Body : std::uint8_t { none, json };

// One operation of the API as data: what is matched, who may, what it takes. The router, the documentation,
// the test that tries every operation across tenants and the audit names all come from here.
struct Route {
  http::Method method;
  std::string_view path;  // "/v3/api_keys/{api_key_id}"
  Access access;
  std::string_view scope;  // "mail.send"; empty for anyone
  RateClass rate;
  Body body = Body::none;
  std::size_t body_limit = std::size_t{1} << 20;
};

using Handler = std::function<Task<http::Response>(Call&)>;
using OpenHandler = std::function<Task<http::Response>(const Visit&)>;

// A route and what answers it.
struct Endpoint {
  Route route;
  std::variant<Handler, OpenHandler> handler;
};

// One line of a resource's table. A resource is a class that holds what its operations need and says what
// they are:
//
//   class Alerts {
//    public:
//     explicit Alerts(services::Alerts& alerts);
//     static std::span<const Operation<Alerts>> operations();   // a constexpr array in alerts.cpp
//    private:
//     Task<http::Response> list(Call& call);
//   };
//   router.add(alerts);
template <class Resource, class What = Call&>
struct Operation {
  Route route;
  Task<http::Response> (Resource::*handle)(What);
};
template <class Resource>
using OpenOperation = Operation<Resource, const Visit&>;

}  // namespace postrider::api

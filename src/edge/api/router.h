// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edge/api/endpoint.h"

namespace postrider::api {

// Finds the endpoint for a path and a method. Filled once, then read from any thread.
class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  // Every operation of a resource, which must outlive the router. A path and method given twice is our bug.
  template <class Resource>
  void add(Resource& resource) {
    for (const auto& operation : Resource::operations()) add(bind(resource, operation));
  }
  void add(Endpoint endpoint);

  struct Match {
    const Endpoint* endpoint = nullptr;
    PathParameters path;
    std::string allow;  // without an endpoint: what the path does allow; empty = there is no such path
  };
  // `path` as it came, percent-encoded. A literal segment goes before a parameter; a parameter takes one
  // segment, never an empty one. HEAD is a GET whose body stays here.
  Match match(http::Method method, std::string_view path) const;

  // For what is made from the table. In the order of adding.
  std::vector<const Route*> routes() const;

 private:
  struct Node;

  template <class Resource, class What>
  static Endpoint bind(Resource& resource, const Operation<Resource, What>& operation) {
    auto call = [&resource, handle = operation.handle](What what) { return (resource.*handle)(what); };
    if constexpr (std::is_same_v<What, Call&>)
      return {operation.route, Handler(call)};
    else
      return {operation.route, OpenHandler(call)};
  }

  std::unique_ptr<Node> root_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
};

}  // namespace postrider::api

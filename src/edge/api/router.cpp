// SPDX-License-Identifier: Apache-2.0
#include "edge/api/router.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "protocol/http/query.h"

namespace postrider::api {
namespace {

// Takes the first segment off a path that begins with a slash.
std::string_view next_segment(std::string_view& path) {
  const auto end = std::min(path.find('/', 1), path.size());
  const auto segment = path.substr(1, end - 1);
  path.remove_prefix(end);
  return segment;
}

bool is_parameter(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

}  // namespace

// What may follow a path so far. Parameters at the same place may have different names in different routes,
// so a name belongs to its child.
struct Router::Node {
  std::vector<std::pair<std::string_view, std::unique_ptr<Node>>> literals;  // few: looked through in turn
  std::vector<std::pair<std::string_view, std::unique_ptr<Node>>> parameters;
  std::vector<const Endpoint*> endpoints;  // that end here, one per method

  Node& child(std::string_view segment) {
    const bool parameter = is_parameter(segment);
    auto& children = parameter ? parameters : literals;
    const auto key = parameter ? segment.substr(1, segment.size() - 2) : segment;
    for (auto& [name, node] : children)
      if (name == key) return *node;
    return *children.emplace_back(key, std::make_unique<Node>()).second;
  }

  // The node where all of `path` has been taken and something may be called, or null.
  const Node* find(std::string_view path, PathParameters& values) const {
    if (path.empty()) return endpoints.empty() ? nullptr : this;
    const auto segment = next_segment(path);
    for (const auto& [name, node] : literals)
      if (name == segment)
        if (const auto* found = node->find(path, values)) return found;
    if (parameters.empty() || segment.empty()) return nullptr;
    const auto value = http::percent_decode(segment);
    if (!value) return nullptr;
    for (const auto& [name, node] : parameters) {
      values.push(name, *value);
      if (const auto* found = node->find(path, values)) return found;
      values.pop();
    }
    return nullptr;
  }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(Endpoint endpoint) {
  auto& owned = *endpoints_.emplace_back(std::make_unique<Endpoint>(std::move(endpoint)));
  Node* node = root_.get();
  for (auto path = owned.route.path; !path.empty();) node = &node->child(next_segment(path));
  assert(std::ranges::none_of(
      node->endpoints, [&](const Endpoint* other) { return other->route.method == owned.route.method; }));
  node->endpoints.push_back(&owned);
}

Router::Match Router::match(http::Method method, std::string_view path) const {
  Match match;
  if (!path.starts_with('/')) return match;
  const Node* node = root_->find(path, match.path);
  if (!node) return match;
  const auto wanted = method == http::Method::head ? http::Method::get : method;
  for (const Endpoint* endpoint : node->endpoints) {
    const auto method_here = endpoint->route.method;
    if (method_here == wanted) match.endpoint = endpoint;
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += http::name(method_here);
    if (method_here == http::Method::get) match.allow += ", HEAD";
  }
  return match;
}

std::vector<const Route*> Router::routes() const {
  std::vector<const Route*> all;
  for (const auto& endpoint : endpoints_) all.push_back(&endpoint->route);
  return all;
}

}  // namespace postrider::api

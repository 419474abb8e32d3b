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

// The values that stood where the route has its parameters, by their names in this route.
PathParameters named(std::string_view pattern, std::vector<std::string> values) {
  PathParameters out;
  for (auto value = values.begin(); !pattern.empty();) {
    const auto segment = next_segment(pattern);
    if (is_parameter(segment)) out.push(segment.substr(1, segment.size() - 2), std::move(*value++));
  }
  return out;
}

// Adds to the value of Allow.
void allow(std::string& list, http::Method method) {
  if (http::list_contains(list, http::name(method))) return;
  if (!list.empty()) list += ", ";
  list += http::name(method);
  if (method == http::Method::get) list += ", HEAD";
}

}  // namespace

// What may follow a path so far.
struct Router::Node {
  std::vector<std::pair<std::string_view, std::unique_ptr<Node>>> literals;  // few: looked through in turn
  std::unique_ptr<Node> parameter;                                           // whatever its name
  std::vector<const Endpoint*> endpoints;                                    // that end here, one per method

  Node& child(std::string_view segment) {
    if (is_parameter(segment)) {
      if (!parameter) parameter = std::make_unique<Node>();
      return *parameter;
    }
    for (auto& [name, node] : literals)
      if (name == segment) return *node;
    return *literals.emplace_back(segment, std::make_unique<Node>()).second;
  }

  // Shows `ends_here` every node at which all of `path` is taken, literals first, until it says enough.
  template <class EndsHere>
  bool walk(std::string_view path, std::vector<std::string>& values, EndsHere& ends_here) const {
    if (path.empty()) return ends_here(*this);
    const auto segment = next_segment(path);
    for (const auto& [name, node] : literals)
      if (name == segment && node->walk(path, values, ends_here)) return true;
    if (!parameter || segment.empty()) return false;
    auto value = http::percent_decode(segment);
    if (!value) return false;
    values.push_back(std::move(*value));
    if (parameter->walk(path, values, ends_here)) return true;
    values.pop_back();
    return false;
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
  const auto wanted = method == http::Method::head ? http::Method::get : method;
  std::vector<std::string> values;
  auto ends_here = [&](const Node& node) {
    for (const Endpoint* endpoint : node.endpoints) {
      if (endpoint->route.method == wanted) match.endpoint = endpoint;
      allow(match.allow, endpoint->route.method);
    }
    return match.endpoint != nullptr;
  };
  if (root_->walk(path, values, ends_here)) match.path = named(match.endpoint->route.path, std::move(values));
  return match;
}

std::vector<const Route*> Router::routes() const {
  std::vector<const Route*> all;
  for (const auto& endpoint : endpoints_) all.push_back(&endpoint->route);
  return all;
}

}  // namespace postrider::api

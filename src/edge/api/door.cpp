// SPDX-License-Identifier: Apache-2.0
#include "edge/api/door.h"

#include "base/encoding.h"
#include "base/text.h"
#include "edge/api/errors.h"
#include "edge/api/request_body.h"

namespace postrider::api {
namespace {

std::string new_request_id(Random& random) {
  std::array<std::uint8_t, 16> bytes{};
  random.fill(bytes);
  return base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// On this machine, and not a proxy that speaks for somebody else.
bool is_neighbour(const Visit& visit) {
  const auto& headers = visit.request.headers;
  const auto& address = visit.peer.address;
  return (address.starts_with("127.") || address == "::1") && !headers.contains("X-Forwarded-For") &&
         !headers.contains("Forwarded");
}

bool may_visit(const Route& route, const Visit& visit) {
  return route.access == Access::anyone || (route.access == Access::neighbour_or_key && is_neighbour(visit));
}

}  // namespace

Task<http::Response> Door::answer(io::HttpExchange& exchange) const {
  const auto& request = exchange.request();
  auto match = parts_.router.match(request.method, request.path());
  Visit visit{request,
              exchange.peer(),
              parts_.here(),
              parts_.workers,
              parts_.clock.wall(),
              new_request_id(parts_.random),
              std::move(match.path)};
  const auto id = visit.request_id;

  http::Response response;
  if (!match.endpoint) {
    response = match.allow.empty() ? refused(404, "not found") : refused(405, "method not allowed");
    if (!match.allow.empty()) response.headers.add("Allow", match.allow);
  } else if (const auto* open = std::get_if<OpenHandler>(&match.endpoint->handler)) {
    const auto& route = match.endpoint->route;
    std::optional<http::Response> refusal;
    if (!may_visit(route, visit)) {
      auto caller = admit(route, visit);
      if (auto* no = std::get_if<http::Response>(&caller)) refusal = std::move(*no);
    }
    response = refusal ? std::move(*refusal) : co_await (*open)(visit);
  } else {
    const auto& handler = std::get<Handler>(match.endpoint->handler);
    response = co_await serve(exchange, match.endpoint->route, handler, std::move(visit));
  }
  response.headers.add("X-Request-Id", id);
  response.headers.add("X-Content-Type-Options", "nosniff");
  co_return response;
}

std::variant<Authenticator::Caller, http::Response> Door::admit(const Route& route,
                                                                const Visit& visit) const {
  auto result =
      parts_.authenticator.admit(visit.request.headers.find("Authorization"), route.scope, visit.now);
  if (auto* caller = std::get_if<Authenticator::Caller>(&result)) {
    if (parts_.used) parts_.used(caller->tenant, caller->key->id, visit.now);
    return std::move(*caller);
  }
  const auto& stranger = std::get<Authenticator::Stranger>(result);
  parts_.log.info("api_refused", {{"request", visit.request_id},
                                  {"peer", visit.peer.address},
                                  {"route", route.path},
                                  {"key", stranger.key ? to_string(*stranger.key) : std::string()},
                                  {"why", stranger.reason}});
  return refused(stranger.status, stranger.message);
}

Task<http::Response> Door::serve(io::HttpExchange& exchange, const Route& route, const Handler& handler,
                                 Visit visit) const {
  auto admitted = admit(route, visit);
  if (auto* no = std::get_if<http::Response>(&admitted)) co_return std::move(*no);
  const auto& caller = std::get<Authenticator::Caller>(admitted);
  Call call(std::move(visit), caller.tenant, caller.key->id);
  if (route.body == Body::none) co_return co_await handler(call);

  if (auto no = refuse_content_type(call.request)) co_return std::move(*no);
  auto body = co_await exchange.body(route.body_limit);
  if (!body) co_return body_failed(body.error(), route.body_limit);
  call.body = std::move(*body);
  if (auto no = co_await decode_content(exchange, call, route.body_limit)) co_return std::move(*no);

  auto parsed = co_await call.in_proportion([&] { return json::parse(call.body); });
  if (!parsed) co_return failed(parsed.error());
  const auto& document = *parsed;
  if (!document) co_return not_json(document.error());
  call.json = document->root();
  co_return co_await handler(call);
}

}  // namespace postrider::api

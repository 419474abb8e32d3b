// SPDX-License-Identifier: Apache-2.0
#include "edge/api/authenticator.h"

#include "base/text.h"

namespace postrider::api {
namespace {

// RFC 6750 2.1; nullopt when it is not a bearer credential.
std::optional<std::string_view> bearer(std::string_view authorization) {
  constexpr std::string_view scheme = "Bearer ";
  if (!starts_ignoring_case(authorization, scheme)) return std::nullopt;
  const auto token = trim(authorization.substr(scheme.size()));
  if (token.empty()) return std::nullopt;
  return token;
}

constexpr std::string_view missing = "authorization required";
constexpr std::string_view wrong = "The provided authorization grant is invalid, expired, or revoked";
constexpr std::string_view beyond_scope = "access forbidden";

}  // namespace

std::variant<Authenticator::Caller, Authenticator::Stranger> Authenticator::admit(
    std::optional<std::string_view> authorization, std::string_view scope, Time now) const {
  const auto token = authorization ? bearer(*authorization) : std::nullopt;
  if (!token) return Stranger{401, missing, "no bearer token", std::nullopt};
  const auto text = accounts::ApiKeyText::parse(*token);
  if (!text) return Stranger{401, wrong, "not an API key of ours", std::nullopt};
  auto key = book_.find(text->id());
  if (!key) return Stranger{401, wrong, "unknown key", text->id()};
  const auto tenant = key->admit(*text, now);
  if (!tenant) {
    const auto* reason = key->revoked                           ? "revoked"
                         : key->expires && *key->expires <= now ? "expired"
                                                                : "wrong secret";
    return Stranger{401, wrong, reason, text->id()};
  }
  if (!key->allows(scope)) return Stranger{403, beyond_scope, "scope missing", text->id()};
  return Caller{*tenant, std::move(key)};
}

}  // namespace postrider::api

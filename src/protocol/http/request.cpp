// SPDX-License-Identifier: Apache-2.0
#include "protocol/http/request.h"

#include <array>

#include "base/text.h"

namespace postrider::http {
namespace {

constexpr std::array<std::string_view, 7> methods{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

struct Target {
  std::string_view authority, path_and_query;
};

Target split(std::string_view target) {
  if (target.starts_with('/') || target == "*") return {{}, target};
  const auto scheme = target.find("://");
  if (scheme == std::string_view::npos) return {{}, target};
  const auto rest = target.substr(scheme + 3);
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  return {rest.substr(0, end), rest.substr(end)};
}

}  // namespace

std::string_view name(Method method) {
  return methods[static_cast<std::size_t>(method)];
}

std::optional<Method> method_from(std::string_view token) {
  for (std::size_t i = 0; i < methods.size(); ++i)
    if (methods[i] == token) return static_cast<Method>(i);
  return std::nullopt;
}

std::string_view Request::path() const {
  const auto both = split(target).path_and_query;
  const auto path = both.substr(0, both.find('?'));
  return path.empty() ? "/" : path;
}

std::string_view Request::query() const {
  const auto both = split(target).path_and_query;
  const auto mark = both.find('?');
  return mark == std::string_view::npos ? std::string_view{} : both.substr(mark + 1);
}

std::string_view Request::host() const {
  const auto authority = split(target).authority;
  return authority.empty() ? headers.find("host").value_or("") : authority;
}

}  // namespace postrider::http

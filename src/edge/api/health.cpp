// SPDX-License-Identifier: Apache-2.0
#include "edge/api/health.h"

#include <array>

#include "edge/api/errors.h"
#include "protocol/json/writer.h"

namespace postrider::api {
namespace {

http::Response status(std::string_view word, std::string_view warning = {}) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("status").string(word);
  if (!warning.empty()) writer.key("warning").string(warning);
  writer.end_object();
  return json(200, std::move(body));
}

constexpr Route probe(std::string_view path) {
  return {.method = http::Method::get,
          .path = path,
          .access = Access::anyone,
          .scope = {},
          .rate = RateClass::probe};
}

}  // namespace

std::span<const OpenOperation<Health>> Health::operations() {
  static constexpr std::array<OpenOperation<Health>, 2> all{{
      {probe("/health/live"), &Health::live},
      {probe("/health/ready"), &Health::ready},
  }};
  return all;
}

Task<http::Response> Health::live(const Visit&) {
  co_return status("live");
}

Task<http::Response> Health::ready(const Visit&) {
  const auto why_not = why_not_();
  co_return why_not.empty() ? status("ready", warning_()) : refused(503, "not ready: " + why_not);
}

}  // namespace postrider::api

// SPDX-License-Identifier: Apache-2.0
#include "edge/api/metrics.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace postrider::api {
namespace {

std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (quotes && c == '"')) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
  return fmt::format("{}", value);  // the shortest text that reads back as the same number
}

}  // namespace

std::string prometheus_text(std::span<const Metric> metrics) {
  std::string out;
  const std::string* name = nullptr;
  for (const auto& metric : metrics) {
    if (!name || *name != metric.name) {
      out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", metric.name, escaped(metric.help, false),
                         metric.name, metric.type == Metric::Type::counter ? "counter" : "gauge");
      name = &metric.name;
    }
    out += metric.name;
    char before = '{';
    for (const auto& [label, value] : metric.labels) {
      out += fmt::format("{}{}=\"{}\"", before, label, escaped(value, true));
      before = ',';
    }
    if (!metric.labels.empty()) out.push_back('}');
    out += fmt::format(" {}\n", number(metric.value()));
  }
  return out;
}

std::span<const OpenOperation<Metrics>> Metrics::operations() {
  static constexpr std::array<OpenOperation<Metrics>, 1> all{{
      {{.method = http::Method::get,
        .path = "/metrics",
        .access = Access::neighbour_or_key,
        .scope = "metrics.read",
        .rate = RateClass::probe},
       &Metrics::show},
  }};
  return all;
}

Task<http::Response> Metrics::show(const Visit&) {
  http::Response response{.status = 200, .headers = {}, .body = prometheus_text(metrics_)};
  response.headers.add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  co_return response;
}

}  // namespace postrider::api

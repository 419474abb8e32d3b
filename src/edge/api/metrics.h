// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "edge/api/endpoint.h"
#include "model/submission.h"

namespace postrider::api {

// One number about the running system. Metrics that differ only in labels share name, help and type and stand
// together in the list.
struct Metric {
  enum class Type { counter, gauge };
  std::string name;  // "postrider_queue_recipients"; a counter ends in _total
  std::string help;
  Type type = Type::gauge;
  std::vector<Pair> labels;  // never an address or another thing without end: each combination is a series
  std::function<double()> value;  // any thread, no waiting
};

// The Prometheus text format, version 0.0.4.
std::string prometheus_text(std::span<const Metric> metrics);

// GET /metrics: for whoever asks from this machine itself, or shows a key with the scope `metrics.read`.
// Every number is about the whole platform, so that scope is the operator's to give.
class Metrics {
 public:
  explicit Metrics(std::vector<Metric> metrics) : metrics_(std::move(metrics)) {}
  static std::span<const OpenOperation<Metrics>> operations();

 private:
  Task<http::Response> show(const Visit& visit);

  std::vector<Metric> metrics_;
};

}  // namespace postrider::api

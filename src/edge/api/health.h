// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <span>
#include <string>

#include "edge/api/endpoint.h"

namespace postrider::api {

// GET /health/live: the process answers. GET /health/ready: it can take mail now. For machines that start,
// stop and balance; they say nothing that a stranger may not know.
class Health {
 public:
  // What keeps the server from taking mail, in a word or two; empty = nothing. Any thread, no waiting.
  using WhyNotReady = std::function<std::string()>;
  explicit Health(WhyNotReady why_not) : why_not_(std::move(why_not)) {}
  static std::span<const OpenOperation<Health>> operations();

 private:
  Task<http::Response> live(const Visit& visit);
  Task<http::Response> ready(const Visit& visit);

  WhyNotReady why_not_;
};

}  // namespace postrider::api

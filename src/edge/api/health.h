// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <span>
#include <string>

#include "edge/api/endpoint.h"

namespace postrider::api {

// GET /health/live: the process answers. GET /health/ready: it can take mail now, and perhaps a warning. For
// machines that start, stop and balance; they say nothing that a stranger may not know.
class Health {
 public:
  // What keeps the server from taking mail, in a word or two; empty = nothing. Any thread, no waiting.
  using WhyNotReady = std::function<std::string()>;
  // What needs a person although mail is taken and delivered; empty = nothing. Any thread, no waiting.
  using Warning = std::function<std::string()>;
  Health(WhyNotReady why_not, Warning warning) : why_not_(std::move(why_not)), warning_(std::move(warning)) {}
  static std::span<const OpenOperation<Health>> operations();

 private:
  Task<http::Response> live(const Visit& visit);
  Task<http::Response> ready(const Visit& visit);

  WhyNotReady why_not_;
  Warning warning_;
};

}  // namespace postrider::api

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "protocol/http/response.h"

namespace postrider::api {

// One thing wrong with a request, as SendGrid's clients read it. An empty field or help is written as null.
struct Problem {
  std::string message;
  std::string field;  // dotted: "personalizations.0.to.2.email"
  std::string help;   // a link, or a sentence that helps
  friend bool operator==(const Problem&, const Problem&) = default;
};

// What is wrong with one request, collected so that a client learns it all at once. It stops listening at
// `most`: a body of a million mistakes gets a short answer.
class Problems {
 public:
  static constexpr std::size_t most = 100;

  void add(Problem problem) {
    if (!full()) list_.push_back(std::move(problem));
  }
  bool empty() const { return list_.empty(); }
  bool full() const { return list_.size() == most; }
  const std::vector<Problem>& list() const { return list_; }

 private:
  std::vector<Problem> list_;
};

// {"errors":[{"message":…,"field":…,"help":…}]}
http::Response refused(int status, std::span<const Problem> problems);
http::Response refused(int status, std::string_view message, std::string_view field = {});

// The one place that turns an expected failure into an answer. The caller's faults are 4xx and keep nothing
// of `detail`; everything of ours is 503 with Retry-After, because asking again later is all a client can do.
http::Response failed(const Error& error);
int status_of(Code code);

// For io::HttpOptions::refuse: what is not a request we can read, in the same shape.
http::Response unreadable(int status, std::string_view reason);

http::Response json(int status, std::string body);

}  // namespace postrider::api

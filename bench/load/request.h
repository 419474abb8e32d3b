// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace postrider::bench {

// One POST /v3/mail/send, its bytes made beforehand: sending it again only needs other recipients, which
// always take the same room. A copy for each connection.
class Request {
 public:
  struct Shape {
    std::string host;
    std::string key;
    std::string from = "news@bench.example";
    std::size_t personalizations = 1;  // one recipient each
    std::size_t domains = 8;           // d000.bench.test …, in turn; at most 1000
    std::size_t content = 2450;        // bytes of text and html together
    bool substitutions = false;        // each recipient's own number in the text
    std::optional<Time> send_at;
  };

  explicit Request(const Shape& shape);

  // For recipients number `first` and following, due at `us` (see Mark).
  std::string_view to(std::uint32_t first, std::int64_t us);

 private:
  struct Places {
    std::size_t address = 0;
    std::size_t substitution = 0;  // 0 = none
  };
  const std::size_t domains_;
  std::string bytes_;
  std::vector<Places> places_;
};

}  // namespace postrider::bench

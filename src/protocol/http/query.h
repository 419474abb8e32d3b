// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace postrider::http {

// One path segment or other component (RFC 3986 2.1). Refuses a % without two hex digits, NUL, and what does
// not come out as UTF-8. Split at the separators first: "%2F" becomes a slash.
std::optional<std::string> percent_decode(std::string_view text);

struct Parameter {
  std::string name, value;
};

// The parameters of a query or of an application/x-www-form-urlencoded body, in order: "a=1&b" has b with an
// empty value, "+" is a space. As strict as percent_decode.
class Query {
 public:
  static Result<Query> parse(std::string_view text);

  std::optional<std::string_view> find(std::string_view name) const;  // the first of that name, exact case
  std::vector<std::string_view> all(std::string_view name) const;
  const std::vector<Parameter>& parameters() const { return parameters_; }

 private:
  std::vector<Parameter> parameters_;
};

}  // namespace postrider::http

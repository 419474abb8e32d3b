// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "base/task.h"
#include "protocol/dns/answer.h"

namespace postrider::io {

enum class Family : std::uint8_t { ipv4, ipv6 };

// Asks the DNS. The seam between the road and whoever knows: a validating engine in production, zones as data
// in simulation. Names are given in A-labels. Answers are final: an engine follows aliases, bounds its own
// time and caches as TTLs allow, so asking again is cheap; what could not be learnt is Status::failed, never
// an error of another kind. Called on the loop that goes on with the answer.
class Resolver {
 public:
  virtual ~Resolver() = default;
  virtual Task<dns::Answer<dns::Mx>> mx(std::string domain) = 0;
  virtual Task<dns::Answer<std::string>> addresses(std::string host, Family family) = 0;  // IP literals
};

}  // namespace postrider::io

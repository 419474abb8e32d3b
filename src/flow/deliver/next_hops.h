// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <variant>
#include <vector>

#include "base/random.h"
#include "base/task.h"
#include "flow/deliver/hop.h"
#include "flow/schedule/assignment.h"
#include "io/resolver.h"

namespace postrider {

// There is no machine to call.
struct NoHops {
  enum class Until {
    better,       // nobody knows: SERVFAIL, a time-out. Deferred for as long as that lasts, and never refused
    second_look,  // DNS is definite, but people slip: refused when a later attempt finds the same
    for_ever,     // it is said on purpose
  };
  Until until = Until::better;
  std::string status;  // enhanced code when it is refused, "5.1.2", or deferred, "4.4.3"
  std::string text;
};

struct Asking {
  io::Resolver& resolver;
  Random& random;
  std::string self;    // our name: mail must not come back to us
  std::string source;  // local address; its family decides which of theirs are of use. Empty = both
};

// The machines that take mail for a domain, in the order in which to try them: its MX hosts by preference (or
// itself, RFC 5321 5.1), of each its IPv4 addresses before its IPv6 ones. Addresses that only somebody inside
// our network should reach are left out. At most ten.
Task<std::variant<std::vector<Hop>, NoHops>> next_hops(Asking asking, std::string domain);

}  // namespace postrider

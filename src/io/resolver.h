// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"

namespace postrider::io {

// Where mail for a domain goes, best first. not_found = the domain takes no mail, for certain; any other
// error is temporary and never a reason to bounce.
struct MailHost {
  std::string name;                    // for EHLO checks and certificates; the literal itself for a literal
  std::vector<std::string> addresses;  // IP literals
};

class Resolver {
 public:
  virtual ~Resolver() = default;
  virtual Task<Result<std::vector<MailHost>>> mail_hosts(std::string domain, Instant deadline) = 0;
};

}  // namespace postrider::io

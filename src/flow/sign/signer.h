// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/sha256.h"
#include "model/ids.h"

namespace postrider {

// The seam to whoever holds private keys: digests go in, signatures come out, later and on any thread. In
// this process now; a process of its own can take this place without anybody else noticing; simulation has
// one without keys.
class Signer {
 public:
  struct Request {
    SigningKeyId key;
    Digest digest{};
  };
  // One answer per request, in order. not_found = no such key any more.
  using Done = std::move_only_function<void(std::vector<Result<std::string>>)>;

  virtual ~Signer() = default;
  // The requests of a few messages, signed one after another. Done is called exactly once.
  virtual void sign(std::vector<Request> requests, Done done) = 0;
};

}  // namespace postrider

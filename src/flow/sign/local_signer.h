// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <shared_mutex>
#include <unordered_map>

#include "base/executor.h"
#include "crypto/signing_key.h"
#include "flow/sign/signer.h"

namespace postrider {

// Signs in this process, on workers: RSA takes most of a millisecond. Keys are parsed once. Any thread.
class LocalSigner final : public Signer {
 public:
  // Gives work to the signing threads; false = their queue is full.
  using Post = std::function<bool(Executor::Work)>;
  explicit LocalSigner(Post post) : post_(std::move(post)) {}

  void add(SigningKeyId id, SigningKey key);
  void remove(SigningKeyId id);
  bool holds(SigningKeyId id) const;

  void sign(std::vector<Request> requests, Done done) override;

 private:
  Result<std::string> sign_one(const Request& request) const;

  Post post_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<SigningKeyId, SigningKey> keys_;
};

}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#include "flow/sign/local_signer.h"

#include <memory>
#include <mutex>
#include <optional>

namespace postrider {

void LocalSigner::add(SigningKeyId id, SigningKey key) {
  std::lock_guard lock(mutex_);
  keys_.insert_or_assign(id, std::move(key));
}

void LocalSigner::remove(SigningKeyId id) {
  std::lock_guard lock(mutex_);
  keys_.erase(id);
}

bool LocalSigner::holds(SigningKeyId id) const {
  std::shared_lock lock(mutex_);
  return keys_.contains(id);
}

Result<std::string> LocalSigner::sign_one(const Request& request) const {
  std::optional<SigningKey> key;
  {
    std::shared_lock lock(mutex_);
    const auto found = keys_.find(request.key);
    if (found == keys_.end()) return Error{Code::not_found, "no such signing key"};
    key = found->second;
  }
  return key->sign_digest(request.digest);
}

void LocalSigner::sign(std::vector<Request> requests, Done done) {
  // Shared with the case below, where the queue would not take the work and it comes back to us.
  auto work = std::make_shared<std::pair<std::vector<Request>, Done>>(std::move(requests), std::move(done));
  const bool taken = post_([this, work] {
    std::vector<Result<std::string>> signatures;
    signatures.reserve(work->first.size());
    for (const auto& request : work->first) signatures.push_back(sign_one(request));
    work->second(std::move(signatures));
  });
  if (taken) return;
  std::vector<Result<std::string>> refused;
  for (std::size_t i = 0; i < work->first.size(); ++i)
    refused.emplace_back(Error{Code::exhausted, "the signing queue is full"});
  work->second(std::move(refused));
}

}  // namespace postrider

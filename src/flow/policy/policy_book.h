// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "crypto/signing_key.h"
#include "flow/policy/tenant_policy.h"
#include "services/accounts/account.h"
#include "services/accounts/api_key.h"
#include "services/domains/domains.h"
#include "store/control_feed.h"
#include "store/store.h"

namespace postrider {

// Names a domain's key: another selector or another key, after a rotation, is another name, so that a header
// made for one is never signed with the other. 64 bits of a hash, never stored.
SigningKeyId signing_key_id(DomainId domain, std::string_view selector, const SigningKey& key);

// Policies and API keys as the store has them, held in memory and kept up by following the control feed.
// Lookups are for any thread and never query; rebuild() and follow() block and belong to one thread.
class PolicyBook final : public Policies {
 public:
  // Hands private keys to whoever signs, and takes those back that are gone.
  struct KeyRing {
    std::function<void(SigningKeyId, SigningKey)> add;
    std::function<void(SigningKeyId)> remove;
  };
  // What is older than this is not acted upon.
  static constexpr auto stale_after = std::chrono::seconds(5);

  PolicyBook(store::Store& store, domains::Domains& domains, KeyRing ring, const Clock& clock, Log& log)
      : store_(store), feed_(store), domains_(domains), ring_(std::move(ring)), clock_(clock), log_(log) {}

  Result<void> rebuild();        // everything, at start
  Result<std::size_t> follow();  // what changed since; returns how many changes

  std::shared_ptr<const TenantPolicy> tenant(TenantId id) const override;
  bool current() const override;
  std::shared_ptr<const accounts::ApiKey> key(const ApiKeyId& id) const;

 private:
  Result<std::size_t> catch_up();
  Result<void> load(const accounts::Account& account);
  Result<void> reload(TenantId id);

  store::Store& store_;
  store::ControlFeed feed_;
  domains::Domains& domains_;
  KeyRing ring_;
  const Clock& clock_;
  Log& log_;
  std::int64_t seen_ = 0;
  std::atomic<Instant> as_of_ = Instant::min();  // everything that was announced before is known
  std::unordered_map<TenantId, std::vector<SigningKeyId>> ringed_;

  mutable std::shared_mutex mutex_;
  std::unordered_map<TenantId, std::shared_ptr<const TenantPolicy>> tenants_;
  std::unordered_map<ApiKeyId, std::shared_ptr<const accounts::ApiKey>> keys_;
};

}  // namespace postrider

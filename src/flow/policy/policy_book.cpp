// SPDX-License-Identifier: Apache-2.0
#include "flow/policy/policy_book.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "base/codec.h"
#include "crypto/sha256.h"

namespace postrider {

SigningKeyId signing_key_id(DomainId domain, std::string_view selector, const SigningKey& key) {
  Writer named;
  named.varint(domain.value);
  named.bytes(selector);
  named.bytes(key.public_key().der());
  return SigningKeyId{Reader(bytes_of(sha256(named.view()))).u64()};
}

std::shared_ptr<const TenantPolicy> PolicyBook::tenant(TenantId id) const {
  std::shared_lock lock(mutex_);
  const auto found = tenants_.find(id);
  return found == tenants_.end() ? nullptr : found->second;
}

std::shared_ptr<const accounts::ApiKey> PolicyBook::key(const ApiKeyId& id) const {
  std::shared_lock lock(mutex_);
  const auto found = keys_.find(id);
  return found == keys_.end() ? nullptr : found->second;
}

Result<void> PolicyBook::load(const accounts::Account& account) {
  using State = accounts::AccountState;
  const auto tenant = recorded_tenant(account.id);
  auto policy = std::make_shared<TenantPolicy>();
  policy->id = account.id;
  // A suspended account's mail is taken and waits (assurance 3.1); its 72 hours run on.
  policy->may_submit = account.state < State::deactivated;
  policy->may_deliver = account.state < State::suspended;

  std::vector<SigningKeyId> ring;
  for (const auto& domain : PR_TRY(domains_.list(tenant))) {
    if (!domain.verified) continue;
    SenderDomain sender{.name = domain.name};
    const auto signers = domains_.signers(tenant, domain.id);
    if (!signers.ok()) {
      const auto& error = signers.error();
      // Anything else is the store's trouble: it passes, and meanwhile the domain is what it was.
      if (error.code != Code::corrupt && error.code != Code::not_found) return error;
      // These keys do not open. The rest of the platform must not wait for them; the domain's mail does.
      log_.alarm("domain_keys_unreadable", {{"domain", domain.name}, {"why", error.detail}});
      sender.keys_unreadable = true;
      policy->domains.push_back(std::move(sender));
      continue;
    }
    for (const auto& signer : *signers) {
      const auto id = signing_key_id(domain.id, signer.selector, signer.key);
      auto header = PR_TRY(dkim::Signer::create(domain.name, signer.selector, signer.key.type()));
      ring_.add(id, signer.key);
      ring.push_back(id);
      sender.keys.push_back({std::move(header), id});
    }
    policy->domains.push_back(std::move(sender));
  }
  for (const auto& old : ringed_[account.id])
    if (std::ranges::find(ring, old) == ring.end()) ring_.remove(old);
  ringed_[account.id] = std::move(ring);

  auto keys = PR_TRY(accounts::ApiKeys(store_).list(tenant));
  std::unique_lock lock(mutex_);
  tenants_[account.id] = std::move(policy);
  for (auto& key : keys) {
    const auto id = key.id;
    keys_[id] = std::make_shared<const accounts::ApiKey>(std::move(key));
  }
  return {};
}

bool PolicyBook::current() const {
  const auto as_of = as_of_.load(std::memory_order_relaxed);
  return as_of != Instant::min() && clock_.monotonic() - as_of <= stale_after;
}

Result<void> PolicyBook::rebuild() {
  const auto asked = clock_.monotonic();
  // The number first: what changes while we read is then read again, and nothing is missed.
  const auto newest = PR_TRY(feed_.newest());
  for (const auto& account : PR_TRY(accounts::Accounts(store_).all())) PR_TRY(load(account));
  seen_ = newest;
  as_of_ = asked;
  return {};
}

Result<void> PolicyBook::reload(TenantId id) {
  const auto account = PR_TRY(accounts::Accounts(store_).find(recorded_tenant(id)));
  if (account) return load(*account);
  std::unique_lock lock(mutex_);
  tenants_.erase(id);
  std::erase_if(keys_, [&](const auto& entry) { return entry.second->tenant == id; });
  return {};
}

Result<std::size_t> PolicyBook::follow() {
  const auto asked = clock_.monotonic();
  auto changes = catch_up();
  if (changes.ok()) as_of_ = asked;
  return changes;
}

Result<std::size_t> PolicyBook::catch_up() {
  auto changes = feed_.changes_after(seen_);
  if (!changes.ok()) {
    if (changes.error().code != Code::not_found) return std::move(changes).error();
    log_.warning("control_feed_rebuilt", {{"seen", seen_}});
    PR_TRY(rebuild());
    return std::size_t{1};
  }
  std::set<TenantId> tenants;
  for (const auto& numbered : *changes) tenants.insert(numbered.change.tenant);
  for (const auto& tenant : tenants) PR_TRY(reload(tenant));
  if (!changes->empty()) seen_ = changes->back().n;
  return changes->size();
}

}  // namespace postrider

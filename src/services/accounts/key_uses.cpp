// SPDX-License-Identifier: Apache-2.0
#include "services/accounts/key_uses.h"

#include "services/accounts/statements.h"

namespace postrider::accounts {

void KeyUses::note(const Tenant& tenant, const ApiKeyId& key, Time now) {
  const Time minute = std::chrono::floor<std::chrono::minutes>(now);
  const std::lock_guard lock(mutex_);
  if (const auto done = written_.find(key); done != written_.end() && done->second >= minute) return;
  auto& use = uses_[key];
  use = {tenant.id(), std::max(use.minute, minute)};
}

Result<void> KeyUses::flush() {
  std::unordered_map<ApiKeyId, Use> uses;
  {
    const std::lock_guard lock(mutex_);
    uses.swap(uses_);
  }
  if (uses.empty()) return {};
  using enum store::Batch::Column;
  store::Batch batch{integer, blob, integer};
  for (const auto& [key, use] : uses) batch.add(use.tenant, key, use.minute);
  auto done = store::writing(store_, [&](store::Transaction& tx) -> Result<void> {
    PR_TRY(tx.insert(sql::note_uses, batch));
    return tx.commit_system("keys used");
  });
  const std::lock_guard lock(mutex_);
  if (done) {
    written_.clear();
    for (const auto& [key, use] : uses) written_.emplace(key, use.minute);
  } else {
    for (const auto& [key, use] : uses) uses_.try_emplace(key, use);
  }
  return done;
}

}  // namespace postrider::accounts

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <mutex>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"
#include "model/tenant.h"
#include "store/store.h"

namespace postrider::accounts {

// When each key was last used, to the minute. Noting costs a look into a map; the minutes reach the store in
// one batch, and those noted since are lost when the process dies. Any thread.
class KeyUses {
 public:
  explicit KeyUses(store::Store& store) : store_(store) {}

  void note(const Tenant& tenant, const ApiKeyId& key, Time now);
  // Writes what is new; on failure it is kept for the next time. Blocks; about once a minute.
  Result<void> flush();

 private:
  struct Use {
    TenantId tenant;
    Time minute;
  };
  store::Store& store_;
  std::mutex mutex_;
  std::unordered_map<ApiKeyId, Use> uses_;      // not written yet
  std::unordered_map<ApiKeyId, Time> written_;  // of the running minute, so that each is written once
};

}  // namespace postrider::accounts

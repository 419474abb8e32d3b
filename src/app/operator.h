// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "audit/entry.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/tenant.h"
#include "services/accounts/account.h"
#include "store/store.h"

namespace postrider::app {

// Whoever may type commands on this machine: the one who acts for any account, and is written down for it.
class Operator {
 public:
  explicit Operator(const Clock& clock) : clock_(clock) {}

  Tenant act_for(TenantId id) const { return Tenant(Badge<Operator>(), id); }
  // The account with this number or name; without one, the only account there is.
  Result<Tenant> account(store::Store& store, const std::string& wanted) const;
  audit::Author author() const;

 private:
  const Clock& clock_;
};

}  // namespace postrider::app

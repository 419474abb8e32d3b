// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/entry.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/tenant.h"
#include "store/store.h"

namespace postrider::accounts {

// From free to gone; stored as numbers, never renumber. Up to `throttled` mail is accepted and goes out;
// `suspended` accepts it and holds it while its time runs on; `deactivated` and `banned` accept none.
enum class AccountState { active = 1, warned = 2, throttled = 3, suspended = 4, deactivated = 5, banned = 6 };
std::string_view name(AccountState state);
std::optional<AccountState> parse_account_state(std::string_view name);

struct Account {
  TenantId id;
  std::string name;
  AccountState state = AccountState::active;
  Time created;
};

// Every change is audited and announced on the control feed. Any thread; calls block.
class Accounts {
 public:
  explicit Accounts(store::Store& store) : store_(store) {}

  // 1 to 100 bytes, no control characters; `exists` when the name is taken.
  Result<Account> create(std::string name, const audit::Author& author);
  Result<std::optional<Account>> find(const Tenant& tenant);
  Result<void> set_state(const Tenant& tenant, AccountState state, const audit::Author& author);

  Result<std::vector<Account>> all();  // by id: for operators and the builder of policies

 private:
  store::Store& store_;
};

}  // namespace postrider::accounts

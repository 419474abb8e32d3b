// SPDX-License-Identifier: Apache-2.0
#include "services/accounts/account.h"

#include <algorithm>
#include <array>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "services/accounts/statements.h"

namespace postrider::accounts {
namespace {

using store::ChangeKind;
using store::reading;
using store::Row;
using store::Transaction;
using store::writing;

constexpr std::array<std::pair<AccountState, std::string_view>, 6> states{{
    {AccountState::active, "active"},
    {AccountState::warned, "warned"},
    {AccountState::throttled, "throttled"},
    {AccountState::suspended, "suspended"},
    {AccountState::deactivated, "deactivated"},
    {AccountState::banned, "banned"},
}};

bool is_name(std::string_view name) {
  auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !name.empty() && name.size() <= 100 && is_utf8(name) && std::ranges::none_of(name, control);
}

Account account(const Row& row) {
  return {row.id<TenantId>(0), row.text(1), static_cast<AccountState>(row.integer(2)), row.time(3)};
}

std::string digest(std::string_view name, AccountState state) {
  Writer shown;
  shown.bytes(name);
  shown.varint(static_cast<std::uint64_t>(state));
  return std::string(bytes_of(sha256(shown.view())));
}

}  // namespace

std::string_view name(AccountState state) {
  const auto found = std::ranges::find(states, state, [](const auto& pair) { return pair.first; });
  return found == states.end() ? std::string_view() : found->second;
}

std::optional<AccountState> parse_account_state(std::string_view name) {
  const auto found = std::ranges::find(states, name, [](const auto& pair) { return pair.second; });
  if (found == states.end()) return std::nullopt;
  return found->first;
}

Result<Account> Accounts::create(std::string name, const audit::Author& author) {
  if (!is_name(name))
    return Error{Code::invalid, "an account's name has 1 to 100 bytes and no control characters"};
  return writing(store_, [&](Transaction& tx) -> Result<Account> {
    const auto row =
        PR_TRY(tx.query_one(sql::create_account, name, static_cast<int>(AccountState::active), author.now));
    const Account created{row->id<TenantId>(0), name, AccountState::active, author.now};
    tx.announce({ChangeKind::tenant, created.id, {}});
    PR_TRY(tx.commit(
        audit::AuditEntry{author, created.id, "account.create", name, {}, digest(name, created.state)}));
    return created;
  });
}

Result<std::optional<Account>> Accounts::find(const Tenant& tenant) {
  return reading(store_, [&](Transaction& tx) -> Result<std::optional<Account>> {
    const auto row = PR_TRY(tx.query_one(sql::find_account, tenant));
    if (!row) return std::optional<Account>();
    return std::optional(account(*row));
  });
}

Result<void> Accounts::set_state(const Tenant& tenant, AccountState state, const audit::Author& author) {
  return writing(store_, [&](Transaction& tx) -> Result<void> {
    const auto row = PR_TRY(tx.query_one(sql::find_account, tenant));
    if (!row) return Error{Code::not_found, "no such account"};
    const auto before = account(*row);
    // A change by somebody else in between would make the audited "before" a lie: this one comes again then.
    if (PR_TRY(tx.execute(sql::set_account_state, tenant, static_cast<int>(state),
                          static_cast<int>(before.state))) == 0)
      return Error{Code::unavailable, "the account has changed meanwhile"};
    tx.announce({ChangeKind::tenant, tenant.id(), {}});
    return tx.commit(audit::AuditEntry{author, tenant.id(), "account.set_state", before.name,
                                       digest(before.name, before.state), digest(before.name, state)});
  });
}

Result<std::vector<Account>> Accounts::all() {
  return reading(store_, [](Transaction& tx) -> Result<std::vector<Account>> {
    std::vector<Account> found;
    for (const auto& row : PR_TRY(tx.query(sql::all_accounts))) found.push_back(account(row));
    return found;
  });
}

}  // namespace postrider::accounts

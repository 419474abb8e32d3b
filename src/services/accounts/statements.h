// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "store/sql.h"

// Every statement of this folder, for its repositories; schema.cpp lists them.
namespace postrider::accounts::sql {

using store::Kind;
using store::PlatformSql;
using store::TenantSql;

inline constexpr PlatformSql create_account{
    "accounts.create", Kind::person_write,
    "INSERT INTO accounts (name, state, created) VALUES (?1, ?2, ?3) RETURNING tenant", "makes the tenant"};
inline constexpr TenantSql find_account{
    "accounts.find", Kind::read, "SELECT tenant, name, state, created FROM accounts WHERE tenant = ?1"};
inline constexpr TenantSql set_account_state{
    "accounts.set_state", Kind::person_write,
    "UPDATE accounts SET state = ?2 WHERE tenant = ?1 AND state = ?3"};
inline constexpr PlatformSql all_accounts{"accounts.all", Kind::read,
                                          "SELECT tenant, name, state, created FROM accounts ORDER BY tenant",
                                          "for operators and the builder of policies"};

inline constexpr TenantSql create_key{"api_keys.create", Kind::person_write,
                                      "INSERT INTO api_keys (tenant, id, name, scopes, hash, created, "
                                      "expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"};
inline constexpr TenantSql list_keys{
    "api_keys.list", Kind::read,
    "SELECT k.id, k.tenant, k.name, k.scopes, k.hash, k.created, k.expires, k.revoked, u.minute "
    "FROM api_keys k LEFT JOIN api_key_uses u ON u.tenant = k.tenant AND u.id = k.id "
    "WHERE k.tenant = ?1 ORDER BY k.created, k.id"};
inline constexpr TenantSql get_key{
    "api_keys.get", Kind::read,
    "SELECT k.id, k.tenant, k.name, k.scopes, k.hash, k.created, k.expires, k.revoked, u.minute "
    "FROM api_keys k LEFT JOIN api_key_uses u ON u.tenant = k.tenant AND u.id = k.id "
    "WHERE k.tenant = ?1 AND k.id = ?2"};
inline constexpr TenantSql revoke_key{
    "api_keys.revoke", Kind::person_write,
    "UPDATE api_keys SET revoked = ?3 WHERE tenant = ?1 AND id = ?2 AND revoked IS NULL"};
inline constexpr PlatformSql find_key{
    "api_keys.find", Kind::read,
    "SELECT k.id, k.tenant, k.name, k.scopes, k.hash, k.created, k.expires, k.revoked, u.minute "
    "FROM api_keys k LEFT JOIN api_key_uses u ON u.tenant = k.tenant AND u.id = k.id WHERE k.id = ?1",
    "a credential is looked up to learn whose it is"};
inline constexpr PlatformSql note_uses{"api_keys.note_uses", Kind::system_write,
                                       "INSERT INTO api_key_uses (tenant, id, minute) VALUES (?1, ?2, ?3) "
                                       "ON CONFLICT (tenant, id) DO UPDATE SET minute = excluded.minute "
                                       "WHERE excluded.minute > api_key_uses.minute",
                                       "one batch a minute for all keys"};

}  // namespace postrider::accounts::sql

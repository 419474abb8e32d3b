// SPDX-License-Identifier: Apache-2.0
#include "services/accounts/api_key.h"

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "services/accounts/statements.h"

namespace postrider::accounts {
namespace {

using store::Blob;
using store::ChangeKind;
using store::reading;
using store::Row;
using store::Transaction;
using store::writing;

bool is_scope(std::string_view scope) {
  auto allowed = [](char c) { return (is_alpha(c) && lower(c) == c) || is_digit(c) || c == '_' || c == '.'; };
  return !scope.empty() && scope.size() <= 100 && std::ranges::all_of(scope, allowed);
}

std::string joined(const std::vector<std::string>& scopes) {
  std::string text;
  for (const auto& scope : scopes) text.append(text.empty() ? "" : " ").append(scope);
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> scopes;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    scopes.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return scopes;
}

ApiKey key_of(const Row& row) {
  ApiKey key{row.id<ApiKeyId>(0), row.id<TenantId>(1), row.text(2),       split(row.text(3)), {},
             row.time(5),         row.maybe_time(6),   row.maybe_time(7), row.maybe_time(8)};
  const auto& hash = row.blob(4);
  if (hash.size() == key.hash.size()) std::ranges::copy(hash, reinterpret_cast<char*>(key.hash.data()));
  return key;
}

// Of what a list of keys shows.
std::string digest(const ApiKey& key) {
  Writer shown;
  shown.id(key.id);
  shown.bytes(key.name);
  shown.bytes(joined(key.scopes));
  shown.u64(key.expires ? static_cast<std::uint64_t>(millis(*key.expires)) : 0);
  shown.u8(key.revoked ? 1 : 0);
  return std::string(bytes_of(sha256(shown.view())));
}

}  // namespace

bool ApiKey::allows(std::string_view scope) const {
  return std::ranges::find(scopes, scope) != scopes.end();
}

std::optional<Tenant> ApiKey::admit(const ApiKeyText& text, Time now) const {
  const bool same = constant_time_equal(bytes_of(text.digest()), bytes_of(hash));
  if (!same || revoked || (expires && *expires <= now)) return std::nullopt;
  return Tenant(Badge<ApiKey>(), tenant);
}

Result<CreatedApiKey> ApiKeys::create(const Tenant& tenant, const NewApiKey& wanted, Random& random,
                                      const audit::Author& author) {
  if (wanted.name.empty() || wanted.name.size() > 100 || !is_utf8(wanted.name))
    return Error{Code::invalid, "a key's name has 1 to 100 bytes"};
  if (!std::ranges::all_of(wanted.scopes, is_scope))
    return Error{Code::invalid, "a scope is a word like mail.send"};
  const auto text = ApiKeyText::generate(random);
  const ApiKey key{text.id(),      tenant.id(), wanted.name, wanted.scopes, text.digest(), author.now,
                   wanted.expires, {},          {}};
  return writing(store_, [&](Transaction& tx) -> Result<CreatedApiKey> {
    if (!PR_TRY(tx.query_one(sql::find_account, tenant))) return Error{Code::not_found, "no such account"};
    PR_TRY(tx.execute(sql::create_key, tenant, key.id, key.name, joined(key.scopes), Blob{bytes_of(key.hash)},
                      key.created, key.expires));
    tx.announce({ChangeKind::key, tenant.id(), to_string(key.id)});
    PR_TRY(tx.commit(
        audit::AuditEntry{author, tenant.id(), "api_key.create", to_string(key.id), {}, digest(key)}));
    return CreatedApiKey{key, text};
  });
}

Result<std::vector<ApiKey>> ApiKeys::list(const Tenant& tenant) {
  return reading(store_, [&](Transaction& tx) -> Result<std::vector<ApiKey>> {
    std::vector<ApiKey> keys;
    for (const auto& row : PR_TRY(tx.query(sql::list_keys, tenant))) keys.push_back(key_of(row));
    return keys;
  });
}

Result<void> ApiKeys::revoke(const Tenant& tenant, const ApiKeyId& id, const audit::Author& author) {
  return writing(store_, [&](Transaction& tx) -> Result<void> {
    const auto row = PR_TRY(tx.query_one(sql::get_key, tenant, id));
    if (!row) return Error{Code::not_found, "no such key"};
    auto key = key_of(*row);
    if (PR_TRY(tx.execute(sql::revoke_key, tenant, id, author.now)) == 0) return {};
    const auto before = digest(key);
    key.revoked = author.now;
    tx.announce({ChangeKind::key, tenant.id(), to_string(id)});
    return tx.commit(
        audit::AuditEntry{author, tenant.id(), "api_key.revoke", to_string(id), before, digest(key)});
  });
}

Result<std::optional<ApiKey>> ApiKeys::find(const ApiKeyId& id) {
  return reading(store_, [&](Transaction& tx) -> Result<std::optional<ApiKey>> {
    const auto row = PR_TRY(tx.query_one(sql::find_key, id));
    if (!row) return std::optional<ApiKey>();
    return std::optional(key_of(*row));
  });
}

}  // namespace postrider::accounts

// SPDX-License-Identifier: Apache-2.0
#include "services/domains/domains.h"

#include <array>
#include <map>

#include "base/codec.h"
#include "crypto/sha256.h"
#include "protocol/dkim/key_record.h"

namespace postrider::domains {
namespace {

using namespace store;

constexpr TenantSql create{
    "domains.create", Kind::person_write,
    "INSERT INTO domains (tenant, name, verified, created) VALUES (?1, ?2, ?3, ?4) RETURNING id"};
constexpr TenantSql create_key{"domains.create_key", Kind::person_write,
                               "INSERT INTO dkim_keys (tenant, domain, selector, type, record, sealed) "
                               "VALUES (?1, ?2, ?3, ?4, ?5, ?6)"};
constexpr TenantSql find_domain{
    "domains.find", Kind::read,
    "SELECT d.id, d.tenant, d.name, d.verified, d.created, k.selector, k.type, k.record "
    "FROM domains d JOIN dkim_keys k ON k.tenant = d.tenant AND k.domain = d.id "
    "WHERE d.tenant = ?1 AND d.name = ?2 ORDER BY k.selector"};
constexpr TenantSql list_domains{
    "domains.list", Kind::read,
    "SELECT d.id, d.tenant, d.name, d.verified, d.created, k.selector, k.type, k.record "
    "FROM domains d JOIN dkim_keys k ON k.tenant = d.tenant AND k.domain = d.id "
    "WHERE d.tenant = ?1 ORDER BY d.name, k.selector"};
constexpr PlatformSql all_domains{
    "domains.all", Kind::read,
    "SELECT d.id, d.tenant, d.name, d.verified, d.created, k.selector, k.type, k.record "
    "FROM domains d JOIN dkim_keys k ON k.tenant = d.tenant AND k.domain = d.id "
    "ORDER BY d.name, k.selector",
    "for operators and the builder of policies"};
constexpr TenantSql remove_keys{"domains.remove_keys", Kind::person_write,
                                "DELETE FROM dkim_keys WHERE tenant = ?1 AND domain = ?2"};
constexpr TenantSql remove_domain{"domains.remove", Kind::person_write,
                                  "DELETE FROM domains WHERE tenant = ?1 AND id = ?2"};
constexpr TenantSql sealed_keys{"domains.sealed_keys", Kind::read,
                                "SELECT selector, sealed FROM dkim_keys WHERE tenant = ?1 AND domain = ?2 "
                                "ORDER BY selector"};

struct KeyPlan {
  std::string_view selector;
  KeyType type;
};
constexpr std::array<KeyPlan, 2> plan{{{"e1", KeyType::ed25519}, {"s1", KeyType::rsa}}};

// Stored as numbers: never renumber.
int number_of(KeyType type) {
  return type == KeyType::rsa ? 1 : 2;
}
KeyType type_of(std::int64_t number) {
  return number == 1 ? KeyType::rsa : KeyType::ed25519;
}

// Where a sealed key belongs; moved to another row it does not open.
std::string place(TenantId tenant, DomainId domain, std::string_view selector) {
  Writer row;
  row.u64(domain.value);
  row.bytes(selector);
  Writer out;
  out.bytes(std::to_string(tenant.value));
  out.bytes("dkim_keys");
  out.bytes(row.view());
  out.bytes("sealed");
  return out.take();
}

// Rows of one domain after the other, one row per key.
std::vector<SendingDomain> domains_of(const Rows& rows) {
  std::vector<SendingDomain> found;
  for (const auto& row : rows) {
    const auto id = row.id<DomainId>(0);
    if (found.empty() || found.back().id != id)
      found.push_back({id, row.id<TenantId>(1), row.text(2), row.boolean(3), row.time(4), {}});
    found.back().keys.push_back({row.text(5), type_of(row.integer(6)), row.text(7)});
  }
  return found;
}

Result<std::optional<SendingDomain>> find_in(Transaction& tx, const Tenant& tenant, std::string_view name) {
  const auto kept = domain_name(name);
  if (!kept) return std::optional<SendingDomain>();
  auto found = domains_of(PR_TRY(tx.query(find_domain, tenant, *kept)));
  if (found.empty()) return std::optional<SendingDomain>();
  return std::optional(std::move(found.front()));
}

Result<SendingDomain> existing(Transaction& tx, const Tenant& tenant, std::string_view name) {
  auto domain = PR_TRY(find_in(tx, tenant, name));
  if (!domain) return Error{Code::not_found, "no such domain"};
  return std::move(*domain);
}

std::string digest(const SendingDomain& domain) {
  Writer shown;
  shown.bytes(domain.name);
  shown.u8(domain.verified ? 1 : 0);
  for (const auto& key : domain.keys) {
    shown.bytes(key.selector);
    shown.bytes(key.record);
  }
  return std::string(bytes_of(sha256(shown.view())));
}

}  // namespace

Result<SendingDomain> Domains::add(const Tenant& tenant, std::string_view name, bool verified,
                                   const audit::Author& author) {
  const auto kept = domain_name(name);
  if (!kept) return Error{Code::invalid, "not the name of a domain"};
  // Made before the transaction, which others wait for.
  std::vector<SigningKey> secrets;
  SendingDomain domain{{}, tenant.id(), *kept, verified, author.now, {}};
  for (const auto& key : plan) {
    secrets.push_back(SigningKey::generate(key.type));
    domain.keys.push_back(
        {std::string(key.selector), key.type, dkim::key_record(secrets.back().public_key())});
  }
  return writing(store_, [&](Transaction& tx) -> Result<SendingDomain> {
    domain.id = PR_TRY(tx.query_one(create, tenant, *kept, verified, author.now))->id<DomainId>(0);
    for (std::size_t i = 0; i < secrets.size(); ++i) {
      const auto& key = domain.keys[i];
      const auto sealed = box_.seal(secrets[i].to_pkcs8_der(), place(tenant.id(), domain.id, key.selector));
      PR_TRY(tx.execute(create_key, tenant, domain.id, key.selector, number_of(key.type), key.record,
                        Blob{sealed}));
    }
    tx.announce({ChangeKind::domain, tenant.id(), domain.name});
    PR_TRY(tx.commit(audit::AuditEntry{author, tenant.id(), "domain.add", domain.name, {}, digest(domain)}));
    return domain;
  });
}

Result<std::optional<SendingDomain>> Domains::find(const Tenant& tenant, std::string_view name) {
  return reading(store_, [&](Transaction& tx) { return find_in(tx, tenant, name); });
}

Result<std::vector<SendingDomain>> Domains::list(const Tenant& tenant) {
  return reading(store_, [&](Transaction& tx) -> Result<std::vector<SendingDomain>> {
    return domains_of(PR_TRY(tx.query(list_domains, tenant)));
  });
}

Result<std::vector<SendingDomain>> Domains::all() {
  return reading(store_, [](Transaction& tx) -> Result<std::vector<SendingDomain>> {
    return domains_of(PR_TRY(tx.query(all_domains)));
  });
}

Result<void> Domains::remove(const Tenant& tenant, std::string_view name, const audit::Author& author) {
  return writing(store_, [&](Transaction& tx) -> Result<void> {
    const auto domain = PR_TRY(existing(tx, tenant, name));
    PR_TRY(tx.execute(remove_keys, tenant, domain.id));
    PR_TRY(tx.execute(remove_domain, tenant, domain.id));
    tx.announce({ChangeKind::domain, tenant.id(), domain.name});
    return tx.commit(
        audit::AuditEntry{author, tenant.id(), "domain.remove", domain.name, digest(domain), {}});
  });
}

Result<std::vector<DomainSigner>> Domains::signers(const Tenant& tenant, DomainId domain) {
  const auto rows = PR_TRY(reading(
      store_, [&](Transaction& tx) -> Result<Rows> { return tx.query(sealed_keys, tenant, domain); }));
  std::vector<DomainSigner> found;
  for (const auto& row : rows) {
    const auto der = PR_TRY(box_.open(row.blob(1), place(tenant.id(), domain, row.text(0))));
    found.push_back({row.text(0), PR_TRY(SigningKey::from_pkcs8_der(der))});
  }
  return found;
}

const Schema& schema() {
  using enum DataClass;
  using enum Type;
  static const Schema schema{"services/domains",
                             {{1,
                               "sending domains and their DKIM keys",
                               {CreateTable{"domains",
                                            {{"id", serial, identifier, until_deleted},
                                             {"tenant", integer, identifier, until_deleted},
                                             {"name", text, configuration, until_deleted},
                                             {"verified", boolean, configuration, until_deleted},
                                             {"created", integer, operational, until_deleted}},
                                            {},
                                            {"name"}},
                                CreateIndex{"domains_by_tenant", "domains", "tenant, name"},
                                CreateTable{"dkim_keys",
                                            {{"tenant", integer, identifier, with_parent},
                                             {"domain", integer, identifier, with_parent},
                                             {"selector", text, configuration, with_parent},
                                             {"type", integer, configuration, with_parent},
                                             {"record", text, configuration, with_parent},
                                             {"sealed", blob, secret_sealed, with_parent}},
                                            "tenant, domain, selector"}}}},
                             {&create, &create_key, &find_domain, &list_domains, &all_domains, &remove_keys,
                              &remove_domain, &sealed_keys}};
  return schema;
}

}  // namespace postrider::domains

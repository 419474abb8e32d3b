// SPDX-License-Identifier: Apache-2.0
#include "audit/entry.h"

#include <limits>

namespace postrider::audit {
namespace {

using namespace store;

constexpr PlatformSql append{"audit.append", Kind::system_write,
                             "INSERT INTO audit_entries "
                             "(at, actor, ip, request_id, tenant, action, object, before_hash, after_hash) "
                             "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                             "also what is done to the platform itself is recorded"};
constexpr TenantSql of_one{
    "audit.of_tenant", Kind::read,
    "SELECT n, at, actor, ip, request_id, tenant, action, object, before_hash, after_hash "
    "FROM audit_entries WHERE tenant = ?1 AND n < ?2 ORDER BY n DESC LIMIT ?3"};
constexpr PlatformSql of_all{
    "audit.all", Kind::read,
    "SELECT n, at, actor, ip, request_id, tenant, action, object, before_hash, after_hash "
    "FROM audit_entries WHERE n < ?1 ORDER BY n DESC LIMIT ?2",
    "the operator's view"};

std::vector<Recorded> read(const Rows& rows) {
  std::vector<Recorded> entries;
  entries.reserve(rows.size());
  for (const auto& row : rows)
    entries.push_back({row.integer(0),
                       {{row.time(1), row.text(2), row.text(3), row.text(4)},
                        row.id<TenantId>(5),
                        row.text(6),
                        row.text(7),
                        row.blob(8),
                        row.blob(9)}});
  return entries;
}

std::int64_t upper(std::int64_t before) {
  return before > 0 ? before : std::numeric_limits<std::int64_t>::max();
}

}  // namespace

Result<void> AuditEntry::record(Transaction& tx) const {
  PR_TRY(tx.execute(append, author.now, author.actor, author.ip, author.request_id, tenant, action, object,
                    Blob{before}, Blob{after}));
  return {};
}

Result<std::vector<Recorded>> AuditLog::of_tenant(const Tenant& tenant, std::int64_t before, int limit) {
  return reading(store_, [&](Transaction& tx) -> Result<std::vector<Recorded>> {
    return read(PR_TRY(tx.query(of_one, tenant, upper(before), limit)));
  });
}

Result<std::vector<Recorded>> AuditLog::all(std::int64_t before, int limit) {
  return reading(store_, [&](Transaction& tx) -> Result<std::vector<Recorded>> {
    return read(PR_TRY(tx.query(of_all, upper(before), limit)));
  });
}

const Schema& schema() {
  using enum DataClass;
  using enum Type;
  static const Schema schema{"audit",
                             {{1,
                               "audit entries",
                               {CreateTable{"audit_entries",
                                            {{"n", serial, identifier, days(365)},
                                             {"at", integer, DataClass::audit, days(365)},
                                             {"actor", text, personal_data, days(365)},
                                             {"ip", text, personal_data, days(365)},
                                             {"request_id", text, identifier, days(365)},
                                             {"tenant", integer, identifier, days(365)},
                                             {"action", text, DataClass::audit, days(365)},
                                             {"object", text, DataClass::audit, days(365)},
                                             {"before_hash", blob, DataClass::audit, days(365)},
                                             {"after_hash", blob, DataClass::audit, days(365)}}},
                                CreateIndex{"audit_entries_by_tenant", "audit_entries", "tenant, n"}}}},
                             {&append, &of_one, &of_all}};
  return schema;
}

}  // namespace postrider::audit

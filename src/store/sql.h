// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace postrider::store {

// What running a statement means for the transaction around it.
enum class Kind {
  read,
  system_write,  // the platform's own doing: a cursor, a counter, a captured message
  person_write,  // a change that a person or a key asks for: only commit(AuditEntry) can finish it
};

// One statement, a named constant beside its use and listed in its repository's Schema: a statement that no
// Schema lists does not run. Parameters are ?1 ?2 … in any order and as often as needed. Written in what
// SQLite and PostgreSQL both accept; sums and nulls without a column need a CAST.
struct Sql {
  std::string_view name;  // "api_keys.find": for metrics and logs
  Kind kind;
  std::string_view text;

 protected:
  enum class Reach { tenant, platform };
  constexpr Sql(std::string_view n, Kind k, std::string_view t, Reach r, std::string_view why)
      : name(n), kind(k), text(t), across_tenants(why), reach_(r) {}

 public:
  std::string_view across_tenants;  // why it may touch a tenant's table without a tenant; empty = it may not
  bool of_tenant() const { return reach_ == Reach::tenant; }
  Sql(const Sql&) = delete;

 private:
  Reach reach_;
};

// On one tenant's data: ?1 is the tenant, and every alternative of the WHERE is bound to it.
struct TenantSql : Sql {
  constexpr TenantSql(std::string_view n, Kind k, std::string_view t) : Sql(n, k, t, Reach::tenant, {}) {}
};

// On the platform's data; on tenants' tables only with a reason.
struct PlatformSql : Sql {
  constexpr PlatformSql(std::string_view n, Kind k, std::string_view t, std::string_view why = {})
      : Sql(n, k, t, Reach::platform, why) {}
};

}  // namespace postrider::store

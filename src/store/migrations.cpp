// SPDX-License-Identifier: Apache-2.0
#include "store/migrations.h"

#include <algorithm>
#include <map>
#include <set>

namespace postrider::store {

constexpr PlatformSql applied_migrations{"migrations.applied", Kind::read,
                                         "SELECT owner, MAX(number) FROM schema_migrations GROUP BY owner"};
constexpr PlatformSql note_migration{
    "migrations.note", Kind::system_write,
    "INSERT INTO schema_migrations (owner, number, name, applied) VALUES (?1, ?2, ?3, ?4)"};

CreateTable migrations_table() {
  using enum DataClass;
  using enum Type;
  return {"schema_migrations",
          {{"owner", text, operational, forever},
           {"number", integer, operational, forever},
           {"name", text, operational, forever},
           {"applied", integer, operational, forever}},
          "owner, number"};
}

namespace {

Result<void> hold_to_inventory(Session& session, std::span<const Schema* const> schemas) {
  std::set<Session::RealColumn> declared;
  for (const auto& line : inventory(schemas))
    declared.insert({std::string(line.table), std::string(line.column.name)});
  for (const auto& real : PR_TRY(session.columns()))
    if (declared.erase(real) == 0)
      return Error{Code::corrupt,
                   "column " + real.table + "." + real.column + " is classified by no migration"};
  if (!declared.empty())
    return Error{Code::corrupt,
                 "column " + declared.begin()->table + "." + declared.begin()->column + " is missing"};
  return {};
}

}  // namespace

Result<void> apply(Session& session, std::span<const Schema* const> schemas, Time now) {
  PR_TRY(session.lock_migrations());
  std::map<std::string, std::int64_t, std::less<>> applied;
  if (const auto there = PR_TRY(session.columns());
      std::ranges::any_of(there, [](const auto& real) { return real.table == "schema_migrations"; })) {
    Rows rows;
    PR_TRY(session.run(applied_migrations, {}, &rows));
    for (const auto& row : rows) applied[row.text(0)] = row.integer(1);
  }
  for (const auto* schema : schemas) {
    const auto done = applied[std::string(schema->owner)];
    if (done > static_cast<std::int64_t>(schema->migrations.size()))
      return Error{Code::invalid, std::string(schema->owner) + ": written by a newer Postrider"};
    for (const auto& migration : schema->migrations) {
      if (migration.number <= done) continue;
      for (const auto& step : migration.steps) PR_TRY(session.script(ddl(step, session.dialect())));
      const std::array<Bind, 4> binds{schema->owner, migration.number, migration.name, now};
      PR_TRY(session.run(note_migration, binds, nullptr));
    }
  }
  return hold_to_inventory(session, schemas);
}

}  // namespace postrider::store

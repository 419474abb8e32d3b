// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include <algorithm>

#include "store/control_feed.h"
#include "store/migrations.h"

#include "base/text.h"

namespace postrider::store {
namespace {

// What PostgreSQL refuses as text, SQLite would take: both refuse it here.
bool storable(const Bind& bind) {
  const auto* text = std::get_if<std::string_view>(&bind.held());
  return !text || (!text->contains('\0') && is_utf8(*text));
}
Error not_text(const Sql& sql) {
  return {Code::invalid, std::string(sql.name) + ": text that is not UTF-8 or holds a NUL"};
}

}  // namespace

Transaction::Transaction(Store& store, std::unique_ptr<Session> session, Mode mode)
    : store_(&store), session_(std::move(session)), mode_(mode) {}

Result<void> Transaction::may_run(const Sql& sql) {
  if (!session_ || failed_) return Error{Code::internal, std::string(sql.name) + ": the transaction is over"};
  if (!store_->known_.contains(&sql))
    return Error{Code::internal, std::string(sql.name) + ": listed in no schema"};
  if (mode_ == Mode::read && sql.kind != Kind::read)
    return Error{Code::internal, std::string(sql.name) + ": writes in a transaction for reading"};
  by_person_ |= sql.kind == Kind::person_write;
  ++store_->statements_run_;
  return {};
}

Result<std::int64_t> Transaction::run(const Sql& sql, std::span<const Bind> binds, Rows* rows) {
  PR_TRY(may_run(sql));
  failed_ = true;  // until it has worked
  if (!std::ranges::all_of(binds, storable)) return not_text(sql);
  auto touched = session_->run(sql, binds, rows);
  failed_ = !touched.ok();
  return touched;
}

Result<void> Transaction::insert(const PlatformSql& sql, const Batch& batch) {
  if (batch.empty()) return {};
  PR_TRY(may_run(sql));
  if (!batch.whole())
    return Error{Code::internal, std::string(sql.name) + ": a row of the batch is not whole"};
  failed_ = true;
  if (!std::ranges::all_of(batch.cells(), storable)) return not_text(sql);
  auto done = session_->insert(sql, batch);
  failed_ = !done.ok();
  return done;
}

Result<void> Transaction::commit_system(std::string_view why) {
  if (by_person_)
    return Error{Code::internal,
                 std::string(why) + ": a change made by a person is committed with its audit entry"};
  return finish();
}

Result<void> Transaction::finish() {
  auto session = std::exchange(session_, nullptr);
  if (!session || failed_) return Error{Code::internal, "commit of a transaction that is over or has failed"};
  PR_TRY(write_changes(*session, changes_));
  return session->commit();
}

Result<Transaction> Store::begin(Mode mode) {
  return Transaction(*this, PR_TRY(session(mode)), mode);
}

Result<void> Store::migrate(std::span<const Schema* const> schemas, Time now) {
  std::vector<const Schema*> all{&own_schema()};
  all.insert(all.end(), schemas.begin(), schemas.end());
  PR_TRY(check(all));
  auto migration = PR_TRY(session(Mode::write));
  PR_TRY(apply(*migration, all, now));
  PR_TRY(migration->commit());
  for (const auto* schema : all) known_.insert(schema->statements.begin(), schema->statements.end());
  return {};
}

Result<std::vector<Session::RealColumn>> Store::columns() {
  return PR_TRY(session(Mode::read))->columns();
}

}  // namespace postrider::store

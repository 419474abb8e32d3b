// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite/connection.h"

#include <sqlite3.h>

namespace postrider::store::sqlite {
namespace {

Code code_of(int extended) {
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return Code::exists;
    case SQLITE_NOMEM:
    case SQLITE_IOERR_NOMEM:
      return Code::exhausted;
    default:
      break;
  }
  switch (extended & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Code::unavailable;
    case SQLITE_FULL:
      return Code::exhausted;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
      return Code::invalid;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::corrupt;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Code::io;
    default:
      return Code::internal;
  }
}

// Views are bound without a copy: each lives until its statement is reset, which run() and insert() do at
// once.
int bind(sqlite3_stmt* statement, int n, const Bind& value) {
  struct Binder {
    sqlite3_stmt* statement;
    int n;
    int operator()(std::monostate) const { return sqlite3_bind_null(statement, n); }
    int operator()(std::int64_t number) const { return sqlite3_bind_int64(statement, n, number); }
    int operator()(bool yes) const { return sqlite3_bind_int(statement, n, yes ? 1 : 0); }
    int operator()(std::string_view text) const {
      return sqlite3_bind_text64(statement, n, text.data() ? text.data() : "", text.size(), SQLITE_STATIC,
                                 SQLITE_UTF8);
    }
    int operator()(Blob blob) const {
      return sqlite3_bind_blob64(statement, n, blob.bytes.data() ? blob.bytes.data() : "", blob.bytes.size(),
                                 SQLITE_STATIC);
    }
  };
  return std::visit(Binder{statement, n}, value.held());
}

Row row_of(sqlite3_stmt* statement) {
  std::vector<Row::Held> values;
  const int columns = sqlite3_column_count(statement);
  values.reserve(static_cast<std::size_t>(columns));
  for (int i = 0; i < columns; ++i) {
    switch (sqlite3_column_type(statement, i)) {
      case SQLITE_NULL:
        values.emplace_back();
        break;
      case SQLITE_INTEGER:
        values.emplace_back(std::int64_t{sqlite3_column_int64(statement, i)});
        break;
      default: {  // Text, bytes; a real would come as its text.
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, i));
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
        values.emplace_back(bytes ? std::string(bytes, size) : std::string());
      }
    }
  }
  return Row(std::move(values));
}

// Leaves a statement ready for its next use and lets go of what was bound.
struct Reset {
  sqlite3_stmt* statement;
  ~Reset() {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
  }
};

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, const std::string& vfs,
                                                     Access access, int busy_ms) {
  // NOMUTEX: the pool gives a connection to one thread at a time.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  sqlite3* db = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &db, flags, vfs.empty() ? nullptr : vfs.c_str());
  if (!db) return Error{Code::exhausted, "sqlite: no memory"};
  std::unique_ptr<Connection> connection(new Connection(db));
  if (opened != SQLITE_OK) return connection->error("open " + path);
  sqlite3_busy_timeout(db, busy_ms);
  // Exclusive locking keeps the index of the log on the heap: nothing is shared, nothing is mapped.
  if (access == Access::exclusive) PR_TRY(connection->script("PRAGMA locking_mode = EXCLUSIVE"));
  PR_TRY(
      connection->script("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = OFF; "
                         "PRAGMA foreign_keys = ON;"
                         "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY"));
  if (access == Access::read) PR_TRY(connection->script("PRAGMA query_only = ON"));
  return connection;
}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(db_);
}

Error Connection::error(std::string_view doing) {
  const int extended = sqlite3_extended_errcode(db_);
  sync_failed_ |= extended == SQLITE_IOERR_FSYNC || extended == SQLITE_IOERR_DIR_FSYNC;
  return {code_of(extended), std::string(doing) + ": " + sqlite3_errmsg(db_)};
}

Result<sqlite3_stmt*> Connection::prepared(const Sql& sql) {
  auto& statement = statements_[&sql];
  if (statement) return statement;
  const char* tail = nullptr;
  if (sqlite3_prepare_v3(db_, sql.text.data(), static_cast<int>(sql.text.size()), SQLITE_PREPARE_PERSISTENT,
                         &statement, &tail) != SQLITE_OK)
    return error(sql.name);
  if (tail != sql.text.data() + sql.text.size())
    return Error{Code::internal, std::string(sql.name) + ": more than one statement"};
  return statement;
}

Result<std::int64_t> Connection::run(const Sql& sql, std::span<const Bind> binds, Rows* rows) {
  auto* statement = PR_TRY(prepared(sql));
  if (sqlite3_bind_parameter_count(statement) != static_cast<int>(binds.size()))
    return Error{Code::internal, std::string(sql.name) + ": another number of parameters"};
  const Reset reset{statement};
  for (std::size_t i = 0; i < binds.size(); ++i)
    if (bind(statement, static_cast<int>(i) + 1, binds[i]) != SQLITE_OK) return error(sql.name);
  std::int64_t selected = 0;
  for (;;) {
    const int step = sqlite3_step(statement);
    if (step == SQLITE_DONE) break;
    if (step != SQLITE_ROW) return error(sql.name);
    ++selected;
    if (rows) rows->push_back(row_of(statement));
  }
  if (rows) return selected;
  return sqlite3_stmt_readonly(statement) ? selected : std::int64_t{sqlite3_changes64(db_)};
}

Result<void> Connection::insert(const Sql& sql, const Batch& batch) {
  auto* statement = PR_TRY(prepared(sql));
  const auto columns = batch.columns().size();
  if (sqlite3_bind_parameter_count(statement) != static_cast<int>(columns))
    return Error{Code::internal, std::string(sql.name) + ": another number of parameters"};
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    const Reset reset{statement};
    for (std::size_t i = 0; i < columns; ++i)
      if (bind(statement, static_cast<int>(i) + 1, batch.cell(row, i)) != SQLITE_OK) return error(sql.name);
    if (sqlite3_step(statement) != SQLITE_DONE) return error(sql.name);
  }
  return {};
}

Result<void> Connection::script(std::string_view sql) {
  const std::string text(sql);
  if (sqlite3_exec(db_, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return error(text);
  return {};
}

Result<void> Connection::commit() {
  auto done = script("COMMIT");
  if (done) return done;
  auto failed = done.error();
  // The log may hold the commit record although its sync failed; only the next opening tells.
  if (failed.code == Code::io) failed.code = Code::ambiguous;
  rollback();
  return failed;
}

void Connection::rollback() {
  if (!sqlite3_get_autocommit(db_)) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace postrider::store::sqlite

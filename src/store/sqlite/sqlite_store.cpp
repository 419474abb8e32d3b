// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite/sqlite_store.h"

#include <condition_variable>
#include <mutex>

#include "store/sqlite/connection.h"

namespace postrider::store {
namespace {

using sqlite::Connection;

constexpr PlatformSql all_columns{
    "sqlite.columns", Kind::read,
    "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c "
    "WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"};

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(SqliteOptions options) : options_(std::move(options)) {}

  Result<void> open() {
    const auto access = shares() ? Connection::Access::exclusive : Connection::Access::write;
    writer_ = PR_TRY(connect(access));
    return {};
  }

 private:
  class Borrowed;  // a connection in a transaction

  bool shares() const { return options_.readers == 0 || options_.path == ":memory:"; }
  Result<std::unique_ptr<Connection>> connect(Connection::Access access) const {
    const auto busy = std::chrono::duration_cast<std::chrono::milliseconds>(options_.busy).count();
    return Connection::open(options_.path, options_.vfs, access, static_cast<int>(busy));
  }

  Result<std::unique_ptr<Session>> session(Mode mode) override;
  Result<std::unique_ptr<Connection>> take_writer();
  Result<std::unique_ptr<Connection>> take_reader();
  void give_back(std::unique_ptr<Connection> connection, Mode mode);

  const SqliteOptions options_;
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::unique_ptr<Connection> writer_;  // empty while somebody writes
  bool sync_failed_ = false;
  std::vector<std::unique_ptr<Connection>> idle_readers_;
  int readers_ = 0;  // idle or lent
};

class SqliteStore::Borrowed final : public Session {
 public:
  Borrowed(SqliteStore& store, std::unique_ptr<Connection> connection, Mode mode)
      : store_(store), connection_(std::move(connection)), mode_(mode) {}
  ~Borrowed() override {
    connection_->rollback();
    store_.give_back(std::move(connection_), mode_);
  }
  Result<void> begin() { return connection_->script(mode_ == Mode::write ? "BEGIN IMMEDIATE" : "BEGIN"); }

  Result<std::int64_t> run(const Sql& sql, std::span<const Bind> binds, Rows* rows) override {
    return connection_->run(sql, binds, rows);
  }
  Result<void> insert(const Sql& sql, const Batch& batch) override { return connection_->insert(sql, batch); }
  Result<void> commit() override { return connection_->commit(); }
  Dialect dialect() const override { return Dialect::sqlite; }
  Result<void> lock_migrations() override { return {}; }  // BEGIN IMMEDIATE is the lock
  Result<void> script(std::string_view sql) override { return connection_->script(sql); }
  Result<std::vector<RealColumn>> columns() override {
    Rows rows;
    PR_TRY(connection_->run(all_columns, {}, &rows));
    std::vector<RealColumn> found;
    for (const auto& row : rows) found.push_back({row.text(0), row.text(1)});
    return found;
  }

 private:
  SqliteStore& store_;
  std::unique_ptr<Connection> connection_;
  Mode mode_;
};

Result<std::unique_ptr<Session>> SqliteStore::session(Mode mode) {
  auto connection = PR_TRY(mode == Mode::write || shares() ? take_writer() : take_reader());
  auto session = std::make_unique<Borrowed>(*this, std::move(connection), mode);
  PR_TRY(session->begin());
  return std::unique_ptr<Session>(std::move(session));
}

Result<std::unique_ptr<Connection>> SqliteStore::take_writer() {
  std::unique_lock lock(mutex_);
  if (!given_back_.wait_for(lock, options_.busy, [&] { return writer_ != nullptr; }))
    return Error{Code::unavailable, "sqlite: another transaction holds the writer"};
  if (sync_failed_) return Error{Code::io, "sqlite: a sync has failed; the store must be opened anew"};
  return std::move(writer_);
}

Result<std::unique_ptr<Connection>> SqliteStore::take_reader() {
  std::unique_lock lock(mutex_);
  auto free = [&] { return !idle_readers_.empty() || readers_ < options_.readers; };
  if (!given_back_.wait_for(lock, options_.busy, free))
    return Error{Code::unavailable, "sqlite: every connection is reading"};
  if (!idle_readers_.empty()) {
    auto connection = std::move(idle_readers_.back());
    idle_readers_.pop_back();
    return connection;
  }
  ++readers_;
  lock.unlock();
  auto connection = connect(Connection::Access::read);
  if (!connection) {
    lock.lock();
    --readers_;
  }
  return connection;
}

void SqliteStore::give_back(std::unique_ptr<Connection> connection, Mode mode) {
  {
    const std::lock_guard lock(mutex_);
    sync_failed_ |= connection->sync_failed();
    if (mode == Mode::write || shares())
      writer_ = std::move(connection);
    else
      idle_readers_.push_back(std::move(connection));
  }
  given_back_.notify_all();
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite(SqliteOptions options) {
  auto store = std::make_unique<SqliteStore>(std::move(options));
  PR_TRY(store->open());
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace postrider::store

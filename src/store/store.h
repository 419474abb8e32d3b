// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <atomic>
#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "store/change.h"
#include "store/schema.h"
#include "store/sql.h"
#include "store/value.h"

namespace postrider::store {

enum class Mode { read, write };

// A connection inside one transaction: what an engine implements. Destruction rolls back what is open and
// gives the connection back. Errors, the same from both engines:
//   exists       a unique rule          invalid    another rule, or a value of the wrong type
//   unavailable  busy, a deadlock, a serialization failure, a lost connection: nothing happened, run it all
//   again exhausted    no room on the disk    ambiguous  the answer to COMMIT was lost, or a copy it waits
//   for is unsure
class Session {
 public:
  virtual ~Session() = default;
  // Rows touched or, with `rows`, selected.
  virtual Result<std::int64_t> run(const Sql& sql, std::span<const Bind> binds, Rows* rows) = 0;
  virtual Result<void> insert(const Sql& sql, const Batch& batch) = 0;
  virtual Result<void> commit() = 0;

  // For migrations only. The lock lasts as long as the transaction.
  virtual Dialect dialect() const = 0;
  virtual Result<void> lock_migrations() = 0;
  virtual Result<void> script(std::string_view sql) = 0;
  struct RealColumn {
    std::string table;
    std::string column;
    friend auto operator<=>(const RealColumn&, const RealColumn&) = default;
  };
  virtual Result<std::vector<RealColumn>> columns() = 0;
};

class Store;

// What a change made by a person or a key is committed with: it writes itself into the same transaction. Its
// one model is audit::AuditEntry, which lives above this folder.
class Transaction;
template <class T>
concept Accountable = requires(const T& entry, Transaction& tx) {
  { entry.record(tx) } -> std::same_as<Result<void>>;
};

// One transaction, on one thread; ends rolled back unless committed. After a statement has failed only
// rolling back is left: PostgreSQL works so, and SQLite is held to it.
class Transaction {
 public:
  Transaction(Store& store, std::unique_ptr<Session> session, Mode mode);

  template <class S, class... B>
  Result<Rows> query(const S& sql, const B&... binds) {
    Rows rows;
    PR_TRY(run(sql, bound(sql, binds...), &rows));
    return rows;
  }
  // The only row, or none. A second one is our bug.
  template <class S, class... B>
  Result<std::optional<Row>> query_one(const S& sql, const B&... binds) {
    Rows rows;
    PR_TRY(run(sql, bound(sql, binds...), &rows));
    if (rows.empty()) return std::optional<Row>();
    return std::optional<Row>(std::move(rows.front()));
  }
  // How many rows it touched.
  template <class S, class... B>
  Result<std::int64_t> execute(const S& sql, const B&... binds) {
    return run(sql, bound(sql, binds...), nullptr);
  }
  // "INSERT INTO t (a, b) VALUES (?1, ?2) …" for each row of the batch; its columns are the parameters in
  // order.
  Result<void> insert(const PlatformSql& sql, const Batch& batch);

  // Tells the other parts of the platform of this change, when it commits.
  void announce(Change change) { changes_.push_back(std::move(change)); }

  // Ends the transaction. A change that a person or a key made carries its entry; all else says why it
  // happened.
  template <Accountable Entry>
  Result<void> commit(const Entry& entry) {
    PR_TRY(entry.record(*this));
    return finish();
  }
  Result<void> commit_system(std::string_view why);

 private:
  template <class S, class... B>
  static std::array<Bind, sizeof...(B)> bound(const S&, const B&... binds) {
    static_assert(std::derived_from<S, TenantSql> || std::derived_from<S, PlatformSql>);
    if constexpr (std::derived_from<S, TenantSql>)
      static_assert(tenant_first<B...>, "?1 of a TenantSql is the Tenant");
    return {Bind(binds)...};
  }
  template <class... B>
  static constexpr bool tenant_first = false;
  template <class First, class... Others>
  static constexpr bool tenant_first<First, Others...> = std::same_as<First, Tenant>;

  Result<std::int64_t> run(const Sql& sql, std::span<const Bind> binds, Rows* rows);
  Result<void> may_run(const Sql& sql);
  Result<void> finish();

  Store* store_;
  std::unique_ptr<Session> session_;  // empty once the transaction is over
  Mode mode_;
  bool failed_ = false;
  bool by_person_ = false;
  std::vector<Change> changes_;
};

// A relational database. Calls block: worker threads only. begin() may be called from any thread; a
// transaction for writing waits for the one before it where the engine has one writer, so a thread holds at
// most one.
class Store {
 public:
  virtual ~Store() = default;

  // Brings the tables up to these schemas, in this order, and refuses a database that holds a column none of
  // them classifies. Once, before the first begin().
  Result<void> migrate(std::span<const Schema* const> schemas, Time now);
  Result<Transaction> begin(Mode mode);

  // Every column really there, for the inventory.
  Result<std::vector<Session::RealColumn>> columns();
  // Statements run since it was opened.
  std::uint64_t statements_run() const { return statements_run_; }

 protected:
  // A connection with a transaction begun.
  virtual Result<std::unique_ptr<Session>> session(Mode mode) = 0;

 private:
  friend class Transaction;
  std::unordered_set<const Sql*> known_;
  std::atomic<std::uint64_t> statements_run_ = 0;
};

// Runs `work(tx)` in a transaction and again from the start while the engine says that helps. `work` commits
// when it writes, and has no effect outside its transaction. An ambiguous commit is the caller's to find out
// about.
template <class Work>
auto transact(Store& store, Mode mode, Work&& work) -> std::invoke_result_t<Work&, Transaction&> {
  constexpr int attempts = 5;
  for (int attempt = 1;; ++attempt) {
    auto tx = store.begin(mode);
    auto again = [&](const Error& error) { return error.code == Code::unavailable && attempt < attempts; };
    if (!tx) {
      if (again(tx.error())) continue;
      return std::move(tx).error();
    }
    auto result = work(*tx);
    if (result || !again(result.error())) return result;
  }
}
template <class Work>
auto reading(Store& store, Work&& work) {
  return transact(store, Mode::read, work);
}
template <class Work>
auto writing(Store& store, Work&& work) {
  return transact(store, Mode::write, work);
}

}  // namespace postrider::store

// SPDX-License-Identifier: Apache-2.0
#include "store/postgres/postgres_store.h"

#include <deque>
#include <mutex>
#include <shared_mutex>

#include "pg/pool.h"
#include "store/sql_text.h"

namespace postrider::store {
namespace {

// Nodes that start together migrate one after the other: any number that only we use as a lock.
constexpr std::string_view migration_lock = "SELECT pg_advisory_xact_lock(7305718442)";

constexpr std::string_view all_columns =
    "SELECT table_name::text, column_name::text FROM information_schema.columns "
    "WHERE table_schema = current_schema()";

struct Binder {
  pg::Params& params;
  void operator()(std::monostate) const { params.null(); }
  void operator()(std::int64_t number) const { params.integer(number); }
  void operator()(bool yes) const { params.boolean(yes); }
  void operator()(std::string_view text) const { params.text(text); }
  void operator()(Blob blob) const { params.blob(blob.bytes); }
};

Result<Row> row_of(const pg::Answer& answer, int row) {
  std::vector<Row::Held> values;
  values.reserve(static_cast<std::size_t>(answer.columns()));
  for (int column = 0; column < answer.columns(); ++column) {
    if (answer.null(row, column)) {
      values.emplace_back();
      continue;
    }
    switch (answer.type(column)) {
      case pg::Oid::boolean:
      case pg::Oid::int2:
      case pg::Oid::int4:
      case pg::Oid::int8:
        values.emplace_back(answer.integer(row, column));
        break;
      case pg::Oid::bytea:
      case pg::Oid::text:
      case pg::Oid::varchar:
        values.emplace_back(std::string(answer.bytes(row, column)));
        break;
      default:
        return Error{Code::internal, "a column of a type that needs a CAST"};
    }
  }
  return Row(std::move(values));
}

struct ElementType {
  std::string_view name;
  pg::Oid oid;
};
ElementType element_type(Batch::Column column) {
  switch (column) {
    case Batch::Column::integer:
      return {"bigint", pg::Oid::int8};
    case Batch::Column::text:
      return {"text", pg::Oid::text};
    case Batch::Column::blob:
      return {"bytea", pg::Oid::bytea};
    case Batch::Column::boolean:
      return {"boolean", pg::Oid::boolean};
  }
  return {};
}

// One column of a batch in array form.
class Elements {
 public:
  Result<void> add(const Bind& bind, Batch::Column column) {
    using enum Batch::Column;
    const auto& held = bind.held();
    if (std::holds_alternative<std::monostate>(held)) {
      values_.push_back(std::nullopt);
    } else if (const auto* number = std::get_if<std::int64_t>(&held); number && column == integer) {
      values_.push_back(kept_.emplace_back(pg::binary(*number)));
    } else if (const auto* yes = std::get_if<bool>(&held); yes && column == boolean) {
      values_.push_back(*yes ? std::string_view("\1", 1) : std::string_view("\0", 1));
    } else if (const auto* words = std::get_if<std::string_view>(&held); words && column == text) {
      values_.push_back(*words);
    } else if (const auto* bytes = std::get_if<Blob>(&held); bytes && column == blob) {
      values_.push_back(bytes->bytes);
    } else {
      return Error{Code::invalid, "a value of another type than its column in the batch"};
    }
    return {};
  }
  std::span<const std::optional<std::string_view>> values() const { return values_; }

 private:
  std::deque<std::string> kept_;
  std::vector<std::optional<std::string_view>> values_;
};

// Statements in PostgreSQL's form, made once. A statement is one constant, so its address names it.
class Forms {
 public:
  const std::string& plain(const Sql& sql) {
    return form(sql, [&] { return dollars(sql.text); });
  }
  const std::string& batch(const Sql& sql, const Batch& batch) {
    return form(sql, [&] {
      std::vector<std::string_view> types;
      for (const auto column : batch.columns()) types.push_back(element_type(column).name);
      return unnested(sql.text, types);
    });
  }

 private:
  template <class Make>
  const std::string& form(const Sql& sql, Make make) {
    {
      const std::shared_lock lock(mutex_);
      if (const auto known = forms_.find(&sql); known != forms_.end()) return known->second;
    }
    const std::unique_lock lock(mutex_);
    return forms_.try_emplace(&sql, make()).first->second;
  }
  std::shared_mutex mutex_;
  std::unordered_map<const Sql*, std::string> forms_;
};

class PostgresSession final : public Session {
 public:
  PostgresSession(pg::Pool& pool, Forms& forms, std::unique_ptr<pg::Connection> connection)
      : pool_(pool), forms_(forms), connection_(std::move(connection)) {}
  ~PostgresSession() override {
    connection_->rollback();
    pool_.give_back(std::move(connection_));
  }
  Result<void> begin(Mode mode) {
    return script(mode == Mode::write ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  }

  Result<std::int64_t> run(const Sql& sql, std::span<const Bind> binds, Rows* rows) override {
    pg::Params params;
    for (const auto& bind : binds) std::visit(Binder{params}, bind.held());
    const auto answer = connection_->run(forms_.plain(sql), params);
    if (!answer) return named(sql, answer.error());
    if (!rows) return answer->touched();
    for (int row = 0; row < answer->rows(); ++row) rows->push_back(PR_TRY(row_of(*answer, row)));
    return std::int64_t{answer->rows()};
  }

  Result<void> insert(const Sql& sql, const Batch& batch) override {
    const auto& form = forms_.batch(sql, batch);
    if (form.empty()) return Error{Code::internal, std::string(sql.name) + ": not of the form of a batch"};
    pg::Params params;
    for (std::size_t column = 0; column < batch.columns().size(); ++column) {
      Elements elements;
      for (std::size_t row = 0; row < batch.rows(); ++row)
        PR_TRY(elements.add(batch.cell(row, column), batch.columns()[column]));
      params.array(element_type(batch.columns()[column]).oid, elements.values());
    }
    const auto answer = connection_->run(form, params);
    if (!answer) return named(sql, answer.error());
    return {};
  }

  Result<void> commit() override { return connection_->commit(); }
  Dialect dialect() const override { return Dialect::postgres; }
  Result<void> lock_migrations() override { return script(migration_lock); }
  Result<void> script(std::string_view sql) override {
    PR_TRY(connection_->execute(std::string(sql)));
    return {};
  }
  Result<std::vector<RealColumn>> columns() override {
    const auto answer = PR_TRY(connection_->run(std::string(all_columns), {}));
    std::vector<RealColumn> found;
    for (int row = 0; row < answer.rows(); ++row)
      found.push_back({std::string(answer.bytes(row, 0)), std::string(answer.bytes(row, 1))});
    return found;
  }

 private:
  static Error named(const Sql& sql, const Error& error) {
    return {error.code, std::string(sql.name) + ": " + error.detail};
  }
  pg::Pool& pool_;
  Forms& forms_;
  std::unique_ptr<pg::Connection> connection_;
};

class PostgresStore final : public Store {
 public:
  explicit PostgresStore(PostgresOptions options)
      : pool_(std::move(options.connection), options.connections) {}

 private:
  Result<std::unique_ptr<Session>> session(Mode mode) override {
    auto session = std::make_unique<PostgresSession>(pool_, forms_, PR_TRY(pool_.take()));
    PR_TRY(session->begin(mode));
    return std::unique_ptr<Session>(std::move(session));
  }
  pg::Pool pool_;
  Forms forms_;
};

}  // namespace

std::unique_ptr<Store> open_postgres(PostgresOptions options) {
  return std::make_unique<PostgresStore>(std::move(options));
}

}  // namespace postrider::store

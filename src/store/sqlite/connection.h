// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "store/sql.h"
#include "store/value.h"

struct sqlite3;
struct sqlite3_stmt;

namespace postrider::store::sqlite {

// One sqlite3 connection with its prepared statements. One thread at a time.
class Connection {
 public:
  enum class Access { read, write, exclusive };
  static Result<std::unique_ptr<Connection>> open(const std::string& path, const std::string& vfs,
                                                  Access access, int busy_ms);
  ~Connection();
  Connection(const Connection&) = delete;

  Result<std::int64_t> run(const Sql& sql, std::span<const Bind> binds, Rows* rows);
  Result<void> insert(const Sql& sql, const Batch& batch);
  Result<void> script(std::string_view sql);
  Result<void> commit();
  void rollback();  // does nothing when no transaction is open

  // A sync of the database or its log failed on this connection.
  bool sync_failed() const { return sync_failed_; }

 private:
  explicit Connection(sqlite3* db) : db_(db) {}
  Result<sqlite3_stmt*> prepared(const Sql& sql);
  Error error(std::string_view doing);

  sqlite3* db_;
  bool sync_failed_ = false;
  std::unordered_map<const Sql*, sqlite3_stmt*> statements_;
};

}  // namespace postrider::store::sqlite

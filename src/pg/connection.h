// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "pg/values.h"

struct pg_conn;
struct pg_result;

namespace postrider::pg {

struct Options {
  std::string conninfo;          // URL or keywords; several hosts are fine
  std::string search_path = {};  // empty = the role's
  Duration connect_timeout = std::chrono::seconds(5);
  Duration statement_timeout = std::chrono::seconds(30);  // the server gives up; we do two seconds later
  Duration tcp_user_timeout = std::chrono::seconds(3);    // unacknowledged bytes: the path is dead
};

// One connection. One thread at a time; calls block, and each ends within its timeout. Errors are kinds as
// store::Session states them; a lost connection is `unavailable`, in commit() `ambiguous`.
class Connection {
 public:
  static Result<std::unique_ptr<Connection>> open(const Options& options);
  ~Connection();
  Connection(const Connection&) = delete;

  // Statements without parameters, several if need be; the answer of the last.
  Result<Answer> execute(const std::string& sql);
  // One statement with parameters $1 …, prepared at its first use on this connection. Answers are binary.
  Result<Answer> run(const std::string& sql, const Params& params);

  // `ambiguous` when the answer never came, or when the server gave up waiting for the copy that
  // synchronous_commit promises: the rows are there then, but a failover may lose them.
  Result<void> commit();
  void rollback();  // does nothing when no transaction is open

  bool broken() const { return broken_; }  // of no more use: close it

 private:
  Connection(pg_conn* connection, Duration patience) : connection_(connection), patience_(patience) {}
  static void on_notice(void* self, const pg_result* notice);
  Result<Answer> wait();
  Error lost(std::string_view doing);

  pg_conn* connection_;
  Duration patience_;
  bool broken_ = false;
  bool warned_ = false;
  std::unordered_map<std::string, std::string> prepared_;  // text and types -> name
};

}  // namespace postrider::pg

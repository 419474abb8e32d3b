// SPDX-License-Identifier: Apache-2.0
#include "pg/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <array>
#include <chrono>

namespace postrider::pg {
namespace {

using Steady = std::chrono::steady_clock;  // only to bound waits on a socket

std::int64_t ms(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

std::string_view field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text ? text : "";
}

// Appendix A of the PostgreSQL manual; the first two characters are the class.
Code code_of(std::string_view state) {
  const auto kind = state.substr(0, 2);
  if (state == "23505") return Code::exists;   // unique_violation
  if (state == "57014") return Code::timeout;  // query_canceled
  if (kind == "40" || state == "55P03")
    return Code::unavailable;                                  // serialization, deadlock; lock_not_available
  if (kind == "08" || kind == "57") return Code::unavailable;  // connection; operator intervention
  if (kind == "53") return Code::exhausted;  // disk full, out of memory, too many connections
  if (kind == "22" || kind == "23" || state == "42804") return Code::invalid;  // data, other constraints
  if (kind == "25") return Code::unavailable;  // read-only transaction: a standby that was the primary
  if (kind == "28" || state == "42501") return Code::forbidden;
  if (kind == "58") return Code::io;
  if (state == "XX001" || state == "XX002") return Code::corrupt;
  return Code::internal;
}

std::string trimmed(std::string_view message) {
  while (!message.empty() && message.back() == '\n') message.remove_suffix(1);
  return std::string(message);
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const Options& options) {
  const auto timeout = std::to_string(std::max<std::int64_t>(2, ms(options.connect_timeout) / 1000));
  const auto user_timeout = std::to_string(ms(options.tcp_user_timeout));
  auto settings =
      "-c client_min_messages=warning -c statement_timeout=" + std::to_string(ms(options.statement_timeout));
  if (!options.search_path.empty()) settings += " -c search_path=" + options.search_path;
  const std::array keywords{
      "dbname",           "connect_timeout", "tcp_user_timeout", "keepalives_idle",
      "application_name", "client_encoding", "options",          static_cast<const char*>(nullptr)};
  const std::array values{options.conninfo.c_str(),
                          timeout.c_str(),
                          user_timeout.c_str(),
                          "5",
                          "postrider",
                          "UTF8",
                          settings.c_str(),
                          static_cast<const char*>(nullptr)};
  PGconn* raw = PQconnectdbParams(keywords.data(), values.data(), 1);
  if (!raw) return Error{Code::exhausted, "postgresql: no memory"};
  std::unique_ptr<Connection> connection(
      new Connection(raw, options.statement_timeout + std::chrono::seconds(2)));
  if (PQstatus(raw) != CONNECTION_OK) return connection->lost("connect");
  PQsetNoticeReceiver(raw, &Connection::on_notice, connection.get());
  if (PQsetnonblocking(raw, 1) != 0) return connection->lost("connect");
  return connection;
}

Connection::~Connection() {
  PQfinish(connection_);
}

// "canceling wait for synchronous replication" comes as a warning before an answer that says COMMIT. It has
// no SQLSTATE of its own and its text is translated; COMMIT gives no other warnings.
void Connection::on_notice(void* self, const pg_result* notice) {
  if (field(notice, PG_DIAG_SEVERITY_NONLOCALIZED) == "WARNING")
    static_cast<Connection*>(self)->warned_ = true;
}

Error Connection::lost(std::string_view doing) {
  broken_ = true;
  return {Code::unavailable,
          "postgresql: " + std::string(doing) + ": " + trimmed(PQerrorMessage(connection_))};
}

// Sends what is left to send, then reads until the server is ready again.
Result<Answer> Connection::wait() {
  const auto deadline = Steady::now() + patience_;
  std::optional<Answer> answer;
  std::optional<Error> error;
  for (;;) {
    const int unsent = PQflush(connection_);
    if (unsent < 0) return lost("send");
    if (unsent == 0 && PQisBusy(connection_) == 0) {
      PGresult* result = PQgetResult(connection_);
      if (!result) break;
      Answer next(result);
      if (PQresultStatus(result) == PGRES_FATAL_ERROR && !error)
        error = Error{code_of(field(result, PG_DIAG_SQLSTATE)), trimmed(PQresultErrorMessage(result))};
      answer = std::move(next);
      continue;
    }
    const auto left = ms(deadline - Steady::now());
    pollfd socket{PQsocket(connection_), static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN), 0};
    const int ready = left <= 0 ? 0 : ::poll(&socket, 1, static_cast<int>(left));
    if (ready == 0) {
      broken_ = true;
      return Error{Code::timeout, "postgresql: no answer in time"};
    }
    if ((socket.revents & ~POLLOUT) != 0 && PQconsumeInput(connection_) == 0) return lost("receive");
  }
  if (PQstatus(connection_) != CONNECTION_OK) {
    auto gone = lost("receive");
    return error ? *error : gone;
  }
  if (error) return *error;
  if (!answer) return Error{Code::internal, "postgresql: an empty statement"};
  return std::move(*answer);
}

Result<Answer> Connection::execute(const std::string& sql) {
  if (PQsendQuery(connection_, sql.c_str()) == 0) return lost("send");
  return wait();
}

Result<Answer> Connection::run(const std::string& sql, const Params& params) {
  auto key = sql;  // With other types it is another statement.
  for (const auto type : params.types()) key.append(1, ' ').append(std::to_string(type));
  auto known = prepared_.find(key);
  if (known == prepared_.end()) {
    const auto name = "s" + std::to_string(prepared_.size() + 1);
    if (PQsendPrepare(connection_, name.c_str(), sql.c_str(), static_cast<int>(params.size()),
                      params.types().data()) == 0)
      return lost("prepare");
    PR_TRY(wait());
    known = prepared_.emplace(std::move(key), name).first;
  }
  if (PQsendQueryPrepared(connection_, known->second.c_str(), static_cast<int>(params.size()),
                          params.values(), params.lengths(), params.formats(), 1) == 0)
    return lost("send");
  return wait();
}

Result<void> Connection::commit() {
  warned_ = false;
  auto answer = execute("COMMIT");
  if (broken_)
    return Error{Code::ambiguous,
                 "postgresql: COMMIT was not answered: " + (answer ? "" : answer.error().detail)};
  if (!answer) return std::move(answer).error();
  if (answer->tag() != "COMMIT") return Error{Code::internal, "postgresql: COMMIT of a failed transaction"};
  if (warned_) return Error{Code::ambiguous, "postgresql: committed here, the synchronous copy is unsure"};
  return {};
}

void Connection::rollback() {
  if (broken_ || PQtransactionStatus(connection_) == PQTRANS_IDLE) return;
  if (auto done = execute("ROLLBACK"); !done) broken_ = true;
}

}  // namespace postrider::pg

// SPDX-License-Identifier: Apache-2.0
#include "protocol/smtp/stage.h"

#include <array>

namespace postrider::smtp {
namespace {

using std::chrono::minutes;

struct Row {
  Stage stage;
  std::string_view name;
  Duration timeout;
};

constexpr std::array<Row, 14> rows{{
    {Stage::greeting, "greeting", minutes(5)},
    {Stage::ehlo, "EHLO", minutes(5)},
    {Stage::helo, "HELO", minutes(5)},
    {Stage::starttls, "STARTTLS", minutes(5)},
    {Stage::tls, "TLS handshake", minutes(5)},
    {Stage::ready, "ready", Duration::max()},
    {Stage::mail, "MAIL", minutes(5)},
    {Stage::rcpt, "RCPT", minutes(5)},
    {Stage::data, "DATA", minutes(2)},
    {Stage::body, "message body", minutes(3)},
    {Stage::dot, "end of data", minutes(10)},
    {Stage::rset, "RSET", minutes(5)},
    // Nothing is at stake any more, and a peer that does not say goodbye must not hold a connection.
    {Stage::quit, "QUIT", std::chrono::seconds(10)},
    {Stage::over, "over", Duration::max()},
}};

constexpr const Row& row(Stage stage) {
  return rows[static_cast<std::size_t>(stage)];
}
static_assert([] {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].stage != static_cast<Stage>(i)) return false;
  return true;
}());

}  // namespace

std::string_view name(Stage stage) {
  return row(stage).name;
}
Duration timeout(Stage stage) {
  return row(stage).timeout;
}

}  // namespace postrider::smtp

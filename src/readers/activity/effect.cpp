// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>
#include <unordered_map>

#include "base/text.h"
#include "protocol/json/writer.h"
#include "readers/activity/activity.h"
#include "readers/activity/statements.h"

namespace postrider::activity {
namespace {

using Column = store::Batch::Column;
using Column::blob;
using Column::boolean;
using Column::integer;

Status status_of(EventKind kind) {
  switch (kind) {
    case EventKind::processed:
      return Status::processed;
    case EventKind::deferred:
      return Status::deferred;
    case EventKind::delivered:
      return Status::delivered;
    case EventKind::bounce:
    case EventKind::dropped:
      return Status::not_delivered;
  }
  return Status::processed;
}

std::string json_of(const std::vector<std::string>& list) {
  std::string out;
  json::Writer writer(out);
  writer.begin_array();
  for (const auto& text : list) writer.string(text);
  writer.end_array();
  return out;
}

std::string json_of(const std::vector<Pair>& pairs) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  for (const auto& [name, value] : pairs) writer.key(name).string(value);
  writer.end_object();
  return out;
}

// One page of events as rows. What rows point to is the events themselves, or is kept here.
class Rows {
 public:
  void add(const Processed& event) {
    const std::string_view categories = kept_.emplace_back(json_of(event.categories));
    const std::string_view shared_args = kept_.emplace_back(json_of(event.custom_args));
    for (const auto& part : event.parts) {
      const std::string_view custom_args =
          part.custom_args.empty() ? shared_args : kept_.emplace_back(json_of(custom_args_of(event, part)));
      const auto subject = text(part.subject.empty() ? event.subject : part.subject);
      for (const auto& recipient : part.recipients) {
        if (!told_.try_emplace({event.message, recipient.n}, true).second) continue;  // twice in one page
        processed_.add(event.message, recipient.n, event.tenant, text(recipient.email), text(event.from),
                       subject, number(Status::processed), event.at, event.at, categories, custom_args, 0);
      }
    }
  }

  void add(const Attempted& event) {
    auto& latest = latest_.try_emplace(event.recipient, Latest{&event, {}, {}, 0}).first->second;
    latest.status = std::max(latest.status, status_of(event.kind));
    latest.at = std::max(latest.at, event.at);
    latest.attempt = std::max(latest.attempt, event.attempt);
    events_.add(event.recipient.message, event.recipient.n, event.attempt, number(event.kind), event.tenant,
                event.at, number(event.refusal), event.possible_duplicate, text(event.response),
                text(event.status), text(event.ip), text(event.tls_version), text(event.tls_cipher),
                event.certificate_valid, number(event.tls_policy));
  }

  Result<void> write(store::Transaction& tx) {
    for (const auto& [recipient, latest] : latest_)
      attempted_.add(recipient.message, recipient.n, latest.any->tenant, text(latest.any->email), "", "",
                     number(latest.status), latest.any->at, latest.at, "", "", latest.attempt);
    if (!processed_.empty()) PR_TRY(tx.insert(put_processed, processed_));
    if (!attempted_.empty()) PR_TRY(tx.insert(put_attempted, attempted_));
    if (!events_.empty()) PR_TRY(tx.insert(put_event, events_));
    return {};
  }

 private:
  // What a page says of one recipient after the request was taken, all together: a batch may not name a row
  // twice.
  struct Latest {
    const Attempted* any;
    Status status{};
    Time at{};
    std::uint16_t attempt;
  };

  template <class Enum>
  static int number(Enum value) {
    return static_cast<int>(value);
  }

  // A server's reply may hold any bytes, and a column of text may not.
  std::string_view text(std::string_view from) {
    if (from.find('\0') == std::string_view::npos && is_utf8(from)) return from;
    auto& clean = kept_.emplace_back(from);
    for (char& c : clean)
      if (c == '\0' || static_cast<unsigned char>(c) >= 0x80) c = '?';
    return clean;
  }

  static constexpr std::initializer_list<Column> message_columns = {
      blob,    integer, integer, Column::text, Column::text, Column::text,
      integer, integer, integer, Column::text, Column::text, integer};

  std::deque<std::string> kept_;
  std::unordered_map<RecipientId, bool> told_;
  std::unordered_map<RecipientId, Latest> latest_;
  store::Batch processed_{message_columns};
  store::Batch attempted_{message_columns};
  store::Batch events_{blob,         integer,      integer,      integer,      integer,
                       integer,      integer,      boolean,      Column::text, Column::text,
                       Column::text, Column::text, Column::text, boolean,      integer};
};

}  // namespace

Result<void> ActivityEffect::apply(store::Transaction& tx, std::span<const readers::Told> events) {
  Rows rows;
  for (const auto& told : events) std::visit([&rows](const auto& event) { rows.add(event); }, told.event);
  return rows.write(tx);
}

}  // namespace postrider::activity

// SPDX-License-Identifier: Apache-2.0
#include "readers/activity/activity.h"

#include "readers/activity/statements.h"

namespace postrider::activity {
namespace {

using store::reading;
using store::Row;
using store::Transaction;
using store::writing;

constexpr int one_sweep = 500;  // messages destroyed in one transaction

Message message_of(const Row& row) {
  return {.id = {row.id<MessageId>(0), static_cast<std::uint32_t>(row.integer(1))},
          .to = row.text(2),
          .from = row.text(3),
          .subject = row.text(4),
          .status = static_cast<Status>(row.integer(5)),
          .since = row.time(6),
          .last_event = row.time(7),
          .categories = row.text(8),
          .custom_args = row.text(9),
          .attempts = static_cast<std::uint32_t>(row.integer(10))};
}

std::vector<Message> messages_of(const store::Rows& rows) {
  std::vector<Message> messages;
  messages.reserve(rows.size());
  for (const Row& row : rows) messages.push_back(message_of(row));
  return messages;
}

Happened happened_of(const Row& row) {
  return {.kind = static_cast<EventKind>(row.integer(0)),
          .at = row.time(1),
          .attempt = static_cast<std::uint16_t>(row.integer(2)),
          .refusal = static_cast<Refusal>(row.integer(3)),
          .possible_duplicate = row.boolean(4),
          .response = row.text(5),
          .status = row.text(6),
          .ip = row.text(7),
          .tls_version = row.text(8),
          .tls_cipher = row.text(9),
          .certificate_valid = row.boolean(10),
          .tls_policy = static_cast<TlsPolicy>(row.integer(11))};
}

}  // namespace

std::string_view name(Status status) {
  switch (status) {
    case Status::processed:
      return "processed";
    case Status::deferred:
      return "deferred";
    case Status::not_delivered:
      return "not_delivered";
    case Status::delivered:
      return "delivered";
  }
  return "unknown";
}

Result<std::vector<Message>> Activity::recipients(const Tenant& tenant, const MessageId& message, Time now) {
  return reading(store_, [&](Transaction& tx) -> Result<std::vector<Message>> {
    return messages_of(PR_TRY(tx.query(find_recipients, tenant, message, oldest_shown(now))));
  });
}

Result<std::optional<Timeline>> Activity::timeline(const Tenant& tenant, const RecipientId& recipient,
                                                   Time now) {
  return reading(store_, [&](Transaction& tx) -> Result<std::optional<Timeline>> {
    const auto row =
        PR_TRY(tx.query_one(find_recipient, tenant, recipient.message, recipient.n, oldest_shown(now)));
    if (!row) return std::optional<Timeline>();
    Timeline timeline{message_of(*row), {}};
    if (const auto& message = timeline.message; message.was_told_processed())
      timeline.events.push_back({.kind = EventKind::processed, .at = message.since});
    for (const Row& event : PR_TRY(tx.query(find_events, tenant, recipient.message, recipient.n)))
      timeline.events.push_back(happened_of(event));
    return std::optional(std::move(timeline));
  });
}

Result<std::optional<TenantId>> Activity::owner(const MessageId& message) {
  return reading(store_, [&](Transaction& tx) -> Result<std::optional<TenantId>> {
    const auto row = PR_TRY(tx.query_one(find_owner, message));
    if (!row) return std::optional<TenantId>();
    return std::optional(row->id<TenantId>(0));
  });
}

Result<std::int64_t> Activity::sweep(Time now) {
  std::int64_t destroyed = 0;
  for (TenantId last;;) {
    const auto next =
        PR_TRY(reading(store_, [&](Transaction& tx) { return tx.query_one(next_tenant, last); }));
    if (!next) return destroyed;
    last = next->id<TenantId>(0);
    const auto tenant = recorded_tenant(last);
    for (std::int64_t gone = 1; gone != 0; destroyed += gone)
      gone = PR_TRY(writing(store_, [&](Transaction& tx) -> Result<std::int64_t> {
        PR_TRY(tx.execute(destroy_events, tenant, oldest_shown(now), one_sweep));
        const auto rows = PR_TRY(tx.execute(destroy_messages, tenant, oldest_shown(now), one_sweep));
        PR_TRY(tx.commit_system("retention"));
        return rows;
      }));
  }
}

}  // namespace postrider::activity

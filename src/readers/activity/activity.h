// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/event.h"
#include "model/tenant.h"
#include "readers/effect.h"
#include "store/store.h"

namespace postrider::activity {

// How far one recipient's message has come. Stored as numbers, never renumber; a later one wins whatever the
// order in which events arrive, so that applying them is commutative.
enum class Status : std::uint8_t { processed = 1, deferred = 2, not_delivered = 3, delivered = 4 };
std::string_view name(Status status);

// One recipient of one request.
struct Message {
  RecipientId id;
  std::string to, from, subject;
  Status status = Status::processed;
  Time since{};  // when we first heard of it: what its age counts from
  Time last_event{};
  // A JSON array and a JSON object; empty while only attempts have been heard of.
  std::string categories, custom_args;
  std::uint32_t attempts = 0;

  bool was_told_processed() const { return !categories.empty(); }
};

// What happened to it, once. That it was processed is not stored as an event: its message says it all.
struct Happened {
  EventKind kind = EventKind::processed;
  Time at{};
  std::uint16_t attempt = 0;
  Refusal refusal = Refusal::none;
  bool possible_duplicate = false;
  std::string response{}, status{}, ip{}, tls_version{}, tls_cipher{};
  bool certificate_valid = false;
  TlsPolicy tls_policy = TlsPolicy::none;
};

struct Timeline {
  Message message;
  std::vector<Happened> events;  // oldest first
};

// Days after which a message and its events are hidden at the latest; destroyed by sweep() soon after.
inline constexpr int kept_days = 30;

// Writes what happened into the tables.
class ActivityEffect final : public readers::Effect {
 public:
  std::string_view name() const override { return "activity"; }
  Result<void> apply(store::Transaction& tx, std::span<const readers::Told> events) override;
};

// What happened, as its owner may see it. Any thread; calls block.
class Activity {
 public:
  explicit Activity(store::Store& store, std::chrono::days keep = std::chrono::days(kept_days))
      : store_(store), keep_(keep) {}

  // By n. Empty: not this tenant's, too old, or not heard of yet.
  Result<std::vector<Message>> recipients(const Tenant& tenant, const MessageId& message, Time now);
  Result<std::optional<Timeline>> timeline(const Tenant& tenant, const RecipientId& recipient, Time now);
  // Whose message it is: for commands on this machine, where nobody has signed in.
  Result<std::optional<TenantId>> owner(const MessageId& message);

  // Destroys what is past its age, some hundred rows to a transaction. Returns how many messages went.
  Result<std::int64_t> sweep(Time now);

 private:
  Time oldest_shown(Time now) const { return now - keep_; }

  store::Store& store_;
  std::chrono::days keep_;
};

const store::Schema& schema();  // tables `activity_message`, `activity_event`

// {"id":…,"to":…,"state":…,"events":[{"event":…,"timestamp":…,"response":…}]}; what an event does not have is
// left out.
std::string to_json(const Timeline& timeline);

}  // namespace postrider::activity

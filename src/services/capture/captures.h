// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/tenant.h"
#include "store/probe.h"
#include "store/store.h"

namespace postrider::capture {

inline constexpr int kept_days = 30;  // at most

// One message as it would have gone to one recipient.
struct CapturedMessage {
  TenantId tenant;
  std::string recipient_id;  // text form of RecipientId
  std::string mail_from;     // envelope; empty for a notification
  std::string rcpt;          // envelope
  std::string from;          // header fields as they stand, for lists
  std::string subject;
  Time captured;
  // Headers and body, CRLF lines, undotted; recipients of one message share it.
  std::shared_ptr<const std::string> raw;
};

// What a list shows of one.
struct CaptureSummary {
  std::int64_t id = 0;  // rises with every message
  TenantId tenant;
  std::string recipient_id;
  std::string mail_from;
  std::string rcpt;
  std::string from;
  std::string subject;
  Time captured;
  std::int64_t size = 0;  // of raw, in bytes
};

struct ShownCapture {
  CaptureSummary summary;
  std::string raw;
};

// Any thread; calls block. A message past its days is not shown any more, even before it is destroyed.
class Captures {
 public:
  explicit Captures(store::Store& store, std::chrono::days keep = std::chrono::days(kept_days))
      : store_(store), keep_(keep) {}

  // All durable or none. Made for hundreds at a time: one sync each call. Appending a recipient's message
  // again (a retry after an unanswered commit, a crash before its outcome was settled) replaces nothing and
  // adds nothing.
  Result<void> append(std::span<const CapturedMessage> messages);

  // Newest first; `before` is the last id of the page before, 0 = from the newest.
  Result<std::vector<CaptureSummary>> list(const Tenant& tenant, Time now, std::int64_t before, int limit);
  Result<std::optional<ShownCapture>> show(const Tenant& tenant, std::int64_t id, Time now);
  // Of all tenants: for the operator's commands.
  Result<std::vector<CaptureSummary>> list_all(Time now, std::int64_t before, int limit);
  Result<std::optional<ShownCapture>> show_any(std::int64_t id, Time now);

  // Destroys at most `limit` messages past their days and returns how many; call until it returns 0, once a
  // day.
  Result<std::int64_t> sweep(Time now, int limit = 1000);

  std::vector<store::Probe> probes();  // "capture.oldest_age_seconds": of what is still on disk

 private:
  Time limit_at(Time now) const { return now - keep_; }

  store::Store& store_;
  std::chrono::days keep_;
};

const store::Schema& schema();

}  // namespace postrider::capture

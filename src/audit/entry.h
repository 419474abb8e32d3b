// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/tenant.h"
#include "store/store.h"

namespace postrider::audit {

// Who is doing something, from where and when: made by the door that let them in. Repositories that change
// something for a person or a key take one and add what they did.
struct Author {
  Time now;
  std::string actor;       // "operator:root", "key:<id>", "user:<id>"
  std::string ip;          // empty at the machine itself
  std::string request_id;  // finds the request in the log
};

// One thing done. Secrets never appear, not even hashed: `before` and `after` are SHA-256 of what may be
// shown of the object, empty where there was or is none.
struct AuditEntry {
  Author author;
  TenantId tenant;     // none = the platform itself
  std::string action;  // "api_key.create"
  std::string object;  // which one: an id or a name
  std::string before;  // 32 bytes or empty
  std::string after;

  Result<void> record(store::Transaction& tx) const;  // part of Transaction::commit
};

struct Recorded {
  std::int64_t n = 0;  // rises with every entry; the sequencer chains entries in this order
  AuditEntry entry;
};

// Newest first.
class AuditLog {
 public:
  explicit AuditLog(store::Store& store) : store_(store) {}
  // 0 = from the newest on.
  Result<std::vector<Recorded>> of_tenant(const Tenant& tenant, std::int64_t before, int limit);
  Result<std::vector<Recorded>> all(std::int64_t before, int limit);

 private:
  store::Store& store_;
};

const store::Schema& schema();

}  // namespace postrider::audit

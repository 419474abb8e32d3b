// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "model/ids.h"

namespace postrider::store {

// What doors and delivery must hear of within a second. Stored as numbers: never renumber.
enum class ChangeKind { key = 1, tenant = 2, domain = 3, suppression = 4, batch = 5, pool = 6 };

struct Change {
  ChangeKind kind;
  TenantId tenant;
  std::string id;  // which key, domain, address …; empty = look at all of that kind
  friend bool operator==(const Change&, const Change&) = default;
};

}  // namespace postrider::store

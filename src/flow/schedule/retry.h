// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "model/ids.h"

namespace postrider {

// When to try again what was put off: gaps that grow, as every MTA's do, spread by up to a tenth so that what
// failed together does not return together. `attempts` counts those made. Never later than `expires`: the
// last attempt is made then.
struct RetryPolicy {
  std::chrono::milliseconds max_age = std::chrono::hours(72);

  std::chrono::milliseconds gap(std::uint16_t attempts, const RecipientId& id) const;
};

// How long a destination with which no dialogue could be had is left alone. `failures` counts them in a row.
std::chrono::milliseconds site_pause(std::uint32_t failures);

}  // namespace postrider

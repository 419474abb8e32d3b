// SPDX-License-Identifier: Apache-2.0
#include "testing/world/plan.h"

#include <fmt/core.h>

#include <string_view>

namespace postrider::testing {

Plan draw_plan(SeededRandom& random) {
  Plan plan;
  plan.reference = random.one_in(5);
  plan.crashes = random.between(3, 6);
  plan.failing_sync = random.one_in(6);
  plan.full_disk = random.one_in(8);
  plan.rot = random.one_in(8) ? 1 : 0;
  plan.clock_jumps = random.one_in(4);
  plan.takeover = plan.reference && random.one_in(2);
  plan.pauses = random.one_in(5);
  plan.cramped = random.one_in(3);
  if (random.one_in(4)) plan.poison = random.between(1, 3);
  if (plan.reference) plan.failing_sync = plan.full_disk = plan.cramped = false, plan.rot = 0;
  return plan;
}

std::string describe(const Plan& plan) {
  std::string out = fmt::format("{}, {} recipients, {} crashes", plan.reference ? "reference" : "local",
                                plan.recipients, plan.crashes);
  const auto add = [&](bool is, std::string_view what) {
    if (is) out.append(", ").append(what);
  };
  add(plan.failing_sync, "failing sync");
  add(plan.full_disk, "full disk");
  add(plan.rot > 0, "rot");
  add(plan.clock_jumps, "clock jumps");
  add(plan.takeover, "takeover");
  add(plan.pauses, "pauses");
  add(plan.cramped, "cramped");
  add(plan.poison > 0, "poison");
  return out;
}

}  // namespace postrider::testing

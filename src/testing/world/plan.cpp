// SPDX-License-Identifier: Apache-2.0
#include "testing/world/plan.h"

#include <fmt/core.h>

#include <string_view>

namespace postrider::testing {
namespace {

// The rows and the points of docs/queue-states.md; the rows that pass fastest twice.
constexpr std::string_view states[] = {"accepting", "waiting",  "picked",     "settling", "parked",
                                       "held",      "in doubt", "recovering", "settling", "parked"};
constexpr std::string_view points[] = {
    "journal.blob_written",      "journal.blob_durable",     "journal.batch_written",
    "journal.batch_durable",     "committer.durable",        "intake.before_answer",
    "deliver.composing",         "deliver.intent_durable",   "deliver.before_dot",
    "deliver.answered",          "journal.carry_written",    "journal.carry_durable",
    "journal.end_written",       "journal.end_durable",      "journal.key_written",
    "journal.key_durable",       "journal.key_erased",       "journal.key_gone",
    "journal.segment_allocated", "journal.recycled",         "journal.header_written",
    "journal.header_durable",    "journal.hint_written",     "journal.hint_durable",
    "journal.released_first",    "journal.released_durable", "journal.events_dropped",
    "journal.blob_removed",      "readers.before_commit",    "readers.after_commit",
    "journal.epoch_first",       "journal.epoch_durable"};

template <class T, std::size_t n>
std::string one_of(const T (&all)[n], SeededRandom& random) {
  return std::string(all[random.below(n)]);
}

}  // namespace

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
  plan.dns_fails = random.one_in(3);
  if (random.one_in(4)) plan.poison = random.between(1, 3);
  plan.aim = Aim{one_of(states, random), one_of(points, random)};
  // What the aim is at should be there to be hit.
  const std::string_view point = plan.aim->point;
  plan.cramped = plan.cramped || point.starts_with("journal.released") || point.starts_with("journal.key_") ||
                 point == "journal.recycled";
  plan.large = !plan.cramped && (point.starts_with("journal.blob") || random.one_in(30));
  plan.ahead = plan.aim->state == "parked" || random.one_in(10);
  plan.forgetful = point == "journal.events_dropped" || random.one_in(10);
  if (plan.aim->state == "held" && plan.poison == 0) plan.poison = 1;
  if (plan.forgetful)  // a jump, or a long wait for the stream, would drop what no reader has seen
    plan.clock_jumps = plan.takeover = false;
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
  add(plan.large, "large bodies");
  add(plan.ahead, "scheduled ahead");
  add(plan.forgetful, "forgetful");
  add(plan.dns_fails, "DNS fails");
  add(plan.poison > 0, "poison");
  if (plan.aim) out.append(fmt::format(", aims at {} in {}", plan.aim->state, plan.aim->point));
  return out;
}

}  // namespace postrider::testing

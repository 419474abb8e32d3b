// SPDX-License-Identifier: Apache-2.0
#include "app/upkeep.h"

#include <algorithm>
#include <utility>

#include "readers/activity/activity.h"
#include "readers/cursors.h"
#include "store/control_feed.h"

namespace postrider::app {
namespace {

constexpr Duration after_failure = std::chrono::minutes(1);
constexpr Duration daily = std::chrono::hours(24);

}  // namespace

void Upkeep::add(std::string name, Duration every, Chore chore) {
  chores_.push_back({std::move(name), every, std::move(chore), Instant::min()});
}

void Upkeep::step(Instant now) {
  for (auto& planned : chores_) {
    if (now < planned.next) continue;
    const auto done = planned.chore();
    planned.next = now + (done.ok() ? planned.every : std::min(planned.every, after_failure));
    if (!done.ok()) log_.warning("upkeep_failed", {{"chore", planned.name}, {"why", done.error().detail}});
  }
}

void add_retention(Upkeep& upkeep, store::Store& store, capture::Captures& captures, const Clock& clock,
                   std::chrono::days keep_events) {
  upkeep.add("captured mail", daily, [&captures, &clock]() -> Result<void> {
    while (PR_TRY(captures.sweep(clock.wall())) > 0) {
    }
    return {};
  });
  upkeep.add("activity", daily, [&store, &clock, keep_events]() -> Result<void> {
    PR_TRY(activity::Activity(store, keep_events).sweep(clock.wall()));
    return {};
  });
  upkeep.add("set aside", daily, [&store, &clock]() -> Result<void> {
    PR_TRY(readers::sweep(store, clock.wall()));
    return {};
  });
  upkeep.add("control feed", std::chrono::hours(1),
             [&store, told = std::int64_t{0}]() mutable -> Result<void> {
               store::ControlFeed feed(store);
               const auto newest = PR_TRY(feed.newest());
               PR_TRY(feed.forget(told));
               told = newest;
               return {};
             });
}

}  // namespace postrider::app

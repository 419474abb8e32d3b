// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/deliverer.h"

#include <utility>

#include "flow/deliver/caller.h"

namespace postrider {

void Deliverer::take(Prepared prepared) {
  if (tools_.drain) return give_back(std::move(prepared));
  auto& slot = sites_[prepared.assignment.lane];
  if (!slot) {
    const auto* route = routes_.find(prepared.domain);
    if (!route && !tools_.resolver) {
      Report::One result;
      result.fate = Fate::local;
      result.status = "4.4.4";
      result.text = "no route to " + prepared.domain;
      auto report = same_for_all(std::move(prepared.assignment), result);
      for (std::size_t i = 0; i < report.results.size(); ++i)
        report.results[i].email = std::move(prepared.emails[i]);
      sites_.erase(report.assignment.lane);
      return tools_.reports(std::move(report));
    }
    slot = std::make_unique<Site>();
    slot->domain = prepared.domain;
    if (route) slot->route = *route;
  }
  auto& site = *slot;
  site.ready.push_back(std::move(prepared));
  if (!site.idle.empty()) {
    // The one that went idle last is the warmest; the others may time out.
    auto* wake = site.idle.back().wake;
    site.idle.pop_back();
    return wake->set(true);
  }
  if (site.connections >= options_.connections_most) return;
  ++site.connections;
  ++connections_;
  spawn(connection(site));
}

Task<void> Deliverer::connection(Site& site) {
  do {
    Caller caller(tools_, intents_, second_look_, site);
    co_await caller.run();
    // A connection that ended with mail still ready (the peer closed after so many messages) is replaced.
  } while (!site.ready.empty() && site.connections == 1);
  --site.connections;
  --connections_;
}

void Deliverer::tick(Instant now) {
  second_look_.tick(now);
  for (auto& [lane, site] : sites_) {
    std::vector<OneShot<bool>*> over;
    std::erase_if(site->idle, [&](const Site::Idle& idle) {
      if (now - idle.since < options_.idle_most) return false;
      over.push_back(idle.wake);
      return true;
    });
    for (auto* wake : over) wake->set(false);
  }
  std::erase_if(sites_, [](const auto& entry) {
    return entry.second->connections == 0 && entry.second->ready.empty();
  });
}

void Deliverer::drain() {
  tools_.drain = true;
  for (auto& [lane, site] : sites_) {
    for (auto& prepared : std::exchange(site->ready, {})) give_back(std::move(prepared));
    for (auto& idle : std::exchange(site->idle, {})) idle.wake->set(false);
  }
}

// Nobody has tried it: it waits where it waited.
void Deliverer::give_back(Prepared prepared) {
  auto report = same_for_all(std::move(prepared.assignment), {});
  report.stale = true;
  tools_.reports(std::move(report));
}

}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/deliverer.h"

#include <algorithm>
#include <iterator>
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

template <class Visit>
void Deliverer::each_site(Visit visit) {
  for (auto& [lane, site] : sites_) visit(*site);
  for (auto& site : rerouted_) visit(*site);
}

void Deliverer::tick(Instant now) {
  second_look_.tick(now);
  std::vector<OneShot<bool>*> over;
  each_site([&](Site& site) {
    std::erase_if(site.idle, [&](const Site::Idle& idle) {
      if (now - idle.since < options_.idle_most) return false;
      over.push_back(idle.wake);
      return true;
    });
  });
  for (auto* wake : over) wake->set(false);
  const auto done = [](const Site& site) { return site.connections == 0 && site.ready.empty(); };
  std::erase_if(sites_, [&](const auto& entry) { return done(*entry.second); });
  std::erase_if(rerouted_, [&](const auto& site) { return done(*site); });
}

void Deliverer::reroute(RouteTable routes) {
  routes_ = std::move(routes);
  std::vector<Prepared> ready;
  std::vector<OneShot<bool>*> idle;
  for (auto at = sites_.begin(); at != sites_.end();) {
    auto& site = *at->second;
    const auto* route = routes_.find(site.domain);
    if (route ? site.route == *route : !site.route) {
      ++at;
      continue;
    }
    std::ranges::move(std::exchange(site.ready, {}), std::back_inserter(ready));
    for (const auto& connection : std::exchange(site.idle, {})) idle.push_back(connection.wake);
    rerouted_.push_back(std::move(at->second));
    at = sites_.erase(at);
  }
  for (auto* wake : idle) wake->set(false);
  for (auto& prepared : ready) take(std::move(prepared));
}

void Deliverer::drain() {
  tools_.drain = true;
  std::vector<OneShot<bool>*> idle;
  each_site([&](Site& site) {
    for (auto& prepared : std::exchange(site.ready, {})) give_back(std::move(prepared));
    for (const auto& connection : std::exchange(site.idle, {})) idle.push_back(connection.wake);
  });
  for (auto* wake : idle) wake->set(false);
}

// Nobody has tried it: it waits where it waited.
void Deliverer::give_back(Prepared prepared) {
  auto report = same_for_all(std::move(prepared.assignment), {});
  report.stale = true;
  tools_.reports(std::move(report));
}

}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/caller.h"

#include <utility>

namespace postrider {
namespace {

constexpr auto until_means = std::chrono::seconds(5);

Hop hop_of(const Route& route) {
  return {route.next_hop, route.name.empty() ? route.next_hop.address : route.name,
          io::to_string(route.next_hop)};
}

}  // namespace

Task<void> Caller::run() {
  auto found = co_await hops();
  if (const auto* none = std::get_if<NoHops>(&found)) co_return give_back(*none);
  std::optional<NoDialogue> why;
  for (auto& hop : std::get<std::vector<Hop>>(found)) {
    if (why && tools_.drain) break;
    Courier courier(tools_, intents_, site_, std::move(hop));
    why = co_await courier.run();
    if (!why) co_return;
    if (why->ours) break;  // the next machine would be called with the same empty hands
  }
  give_back(*why);
}

Task<std::variant<std::vector<Hop>, NoHops>> Caller::hops() {
  if (site_.route) co_return std::vector<Hop>{hop_of(*site_.route)};
  auto found =
      co_await next_hops({*tools_.resolver, *tools_.random, tools_.helo, tools_.source}, site_.domain);
  if (std::holds_alternative<std::vector<Hop>>(found)) second_look_.clear(site_.domain);
  co_return found;
}

// `say` fills in the report and, for one recipient after the other, the result.
template <class Say>
void Caller::give_back_all(bool site_failed, Say say) {
  // Another connection may be carrying mail there: then the peer only wants fewer of them.
  if (site_.connections > 1) return;
  for (auto& prepared : std::exchange(site_.ready, {})) {
    auto report = same_for_all(std::move(prepared.assignment), {});
    report.site_failed = site_failed;
    for (std::size_t i = 0; i < report.results.size(); ++i) {
      report.results[i] = say(report, report.assignment.to[i]);
      report.results[i].email = std::move(prepared.emails[i]);
    }
    tools_.reports(std::move(report));
  }
}

void Caller::give_back(const NoDialogue& why) {
  give_back_all(!why.ours, [&](Report& report, const Assignment::To&) {
    if (why.ours) {
      report.stale = true;
      report.pause = until_means;
    }
    report.ip = why.ip;
    report.tls_policy = why.tls_policy;
    return why.result;
  });
}

void Caller::give_back(const NoHops& why) {
  using Until = NoHops::Until;
  const bool again =
      why.until == Until::second_look && second_look_.again(site_.domain, tools_.clock.monotonic());
  give_back_all(why.until == Until::better, [&](Report&, const Assignment::To& to) {
    Report::One result;
    result.fate = Fate::local;
    result.status = why.status;
    result.text = why.text;
    if (why.until == Until::for_ever || (again && to.attempt > 1)) {
      result.code = 550;
    } else if (why.until == Until::second_look) {
      result.status.front() = '4';
      result.text += "; DNS is asked again before that is believed";
    }
    return result;
  });
}

}  // namespace postrider

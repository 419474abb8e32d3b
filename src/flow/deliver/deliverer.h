// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "flow/deliver/courier.h"
#include "flow/deliver/second_look.h"
#include "flow/deliver/site.h"

namespace postrider {

// The outbound side of one loop: takes prepared mail and keeps as many connections per destination as it can
// use. A destination belongs to one loop, which the caller sees to. Loop's thread but for the constructor.
class Deliverer {
 public:
  struct Options {
    std::size_t connections_most = 20;             // per destination
    Duration idle_most = std::chrono::seconds(5);  // a connection waits so long for the next message
  };
  Deliverer(CourierTools tools, RouteTable routes, Options options)
      : tools_(std::move(tools)),
        intents_(tools_.committer, tools_.home, tools_.node),
        routes_(std::move(routes)),
        options_(options) {}

  void take(Prepared prepared);
  void tick(Instant now);  // says goodbye on connections idle for too long; call it about once a second
  // Other routes from now on. Mail that is on its way goes where it was going, what is ready goes by the new
  // ones.
  void reroute(RouteTable routes);
  // What is in hand is finished, connections are closed. What is ready, or comes later, is reported stale.
  void drain();
  std::size_t connections() const { return connections_; }

 private:
  void give_back(Prepared prepared);
  Task<void> connection(Site& site);

  CourierTools tools_;
  IntentWriter intents_;
  RouteTable routes_;
  Options options_;
  SecondLook second_look_;
  template <class Visit>
  void each_site(Visit visit);
  std::unordered_map<std::uint32_t, std::unique_ptr<Site>> sites_;
  std::vector<std::unique_ptr<Site>> rerouted_;  // as they were: for the connections that are left of them
  std::size_t connections_ = 0;
};

}  // namespace postrider

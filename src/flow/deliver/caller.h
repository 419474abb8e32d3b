// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/task.h"
#include "flow/deliver/courier.h"
#include "flow/deliver/next_hops.h"
#include "flow/deliver/second_look.h"
#include "flow/deliver/site.h"

namespace postrider {

// Gets a site one connection: finds the machines that take its mail, by route or by DNS, and calls one after
// the other until a dialogue can be had. When none can, all that is ready is given back with the reason.
// Loop's thread.
class Caller {
 public:
  Caller(CourierTools& tools, IntentWriter& intents, SecondLook& second_look, Site& site)
      : tools_(tools), intents_(intents), second_look_(second_look), site_(site) {}

  Task<void> run();

 private:
  Task<std::variant<std::vector<Hop>, NoHops>> hops();
  void give_back(const NoDialogue& why);
  void give_back(const NoHops& why);
  template <class Say>
  void give_back_all(bool site_failed, Say say);

  CourierTools& tools_;
  IntentWriter& intents_;
  SecondLook& second_look_;
  Site& site_;
};

}  // namespace postrider

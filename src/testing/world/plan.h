// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "testing/seeded_random.h"

namespace postrider::testing {

// A crash at a crash point while somebody stands in a state, both as docs/queue-states.md names them.
struct Aim {
  std::string state, point;
};

// What one seed makes happen. Drawn by the seed; a test may set what it is about.
struct Plan {
  bool reference = false;  // the database's model instead of the local engine
  std::size_t recipients = 200;
  std::size_t crashes = 3;
  bool power = true;  // some crashes take the page cache with them
  bool failing_sync = false;
  bool full_disk = false;
  std::size_t rot = 0;  // places that rot
  bool clock_jumps = false;
  bool takeover = false;   // reference only: the node is cut off and another takes its stream
  bool pauses = false;     // tenants are suspended for a while, once for longer than mail lives
  bool cramped = false;    // little disk: segments are recycled and cleaned all the time
  bool large = false;      // more requests than usual have a body that is staged
  bool ahead = false;      // much is scheduled hours ahead, so that it is parked
  bool forgetful = false;  // events are kept for minutes
  bool dns_fails = false;  // questions go unanswered, now and then and a domain at a time
  std::size_t poison =
      0;  // recipients whose composition kills the process, by a signal of its own, each time
  std::optional<Aim> aim;  // beside the crashes at random, which seldom meet rare pairs
  std::chrono::milliseconds max_age = std::chrono::hours(72);
};
Plan draw_plan(SeededRandom& random);
std::string describe(const Plan& plan);  // in a few words, for whoever looks at a seed

}  // namespace postrider::testing

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "protocol/smtp/reply.h"
#include "testing/seeded_random.h"
#include "testing/sim_connection.h"
#include "testing/simulated_network.h"

namespace postrider::testing {

// How a scripted mail server behaves. "One in n": drawn anew each time, 0 = never. The default is a good
// server.
struct PeerScript {
  SimHost::Answer answer = SimHost::Answer::accept;
  SimLink link = {};
  bool offer_tls = false;
  std::uint64_t strip_one_in = 0;  // per connection: somebody on the way takes the offer out
  bool pipelining = true;
  bool smtputf8 = true;

  // Per connection.
  std::uint64_t refused_one_in = 0;  // connection refused
  std::uint64_t silent_one_in = 0;   // no answer to the SYN
  std::uint64_t drop_one_in = 0;   // breaks at a byte drawn from the first `fault_bytes` of either direction
  std::uint64_t stall_one_in = 0;  // never answers again after such a byte
  std::uint64_t fault_bytes = 2000;
  std::uint64_t busy_one_in = 0;               // 421 instead of a greeting
  std::size_t messages_per_connection = 1000;  // then 421

  // Per question: MAIL, RCPT, the final dot.
  std::uint64_t temporary_one_in = 0;  // 451
  std::uint64_t permanent_one_in = 0;  // 550
  std::size_t greylist = 0;            // the first attempts at each recipient get 451
  struct Refusal {
    std::string prefix;  // of the recipient's address
    smtp::Reply reply;
  };
  std::vector<Refusal> refusals = {};  // the first that fits

  // After the final dot, when the message is taken.
  std::uint64_t mute_one_in = 0;  // keeps the message and never says so
  std::uint64_t slow_one_in = 0;  // says so after `slow`
  Duration slow = std::chrono::minutes(9);
};

// A server drawn from a seed: most are good, each kind of trouble happens to some, rarely to frequently.
PeerScript peer_script(SeededRandom& random);

}  // namespace postrider::testing

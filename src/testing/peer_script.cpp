// SPDX-License-Identifier: Apache-2.0
#include "testing/peer_script.h"

namespace postrider::testing {

PeerScript peer_script(SeededRandom& random) {
  PeerScript script;
  script.link.latency = std::chrono::milliseconds(random.between(1, 200));
  script.link.cut_seed = random.one_in(2) ? random.word() | 1 : 0;
  script.pipelining = !random.one_in(4);
  script.smtputf8 = !random.one_in(4);
  script.offer_tls = random.one_in(2);
  script.link.tls_succeeds = !random.one_in(10);
  if (script.offer_tls && random.one_in(3)) script.strip_one_in = random.between(2, 6);
  if (random.one_in(4)) {
    script.link.tls.certificate_valid = false;
    script.link.tls.certificate_verdict = "self-signed certificate";
  }
  if (random.one_in(3)) return script;

  const auto sometimes = [&](std::uint64_t& one_in) {
    if (random.one_in(4)) one_in = random.between(2, 20);
  };
  for (auto* one_in : {&script.refused_one_in, &script.silent_one_in, &script.drop_one_in,
                       &script.stall_one_in, &script.busy_one_in, &script.temporary_one_in,
                       &script.permanent_one_in, &script.mute_one_in, &script.slow_one_in}) {
    sometimes(*one_in);
  }
  if (random.one_in(4)) script.greylist = random.between(1, 2);
  if (random.one_in(4)) script.messages_per_connection = random.between(1, 5);
  script.slow = std::chrono::seconds(random.between(1, 9 * 60));
  return script;
}

}  // namespace postrider::testing

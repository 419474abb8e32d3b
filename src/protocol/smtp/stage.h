// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "base/clock.h"

namespace postrider::smtp {

// What a client waits for: the peer's next move, or in tls, ready and body its owner's.
enum class Stage {
  greeting,
  ehlo,
  helo,
  starttls,
  tls,    // the owner's handshake
  ready,  // for an envelope
  mail,
  rcpt,
  data,
  body,  // for the owner's message; also while it is being sent
  dot,
  rset,
  quit,
  over,
};

std::string_view name(Stage stage);

// How long to wait before giving up on the peer: the minimum of RFC 5321 4.5.3.2 where it names one, for
// `body` per block that makes no progress. Duration::max() where there is nothing to give up on.
Duration timeout(Stage stage);

}  // namespace postrider::smtp

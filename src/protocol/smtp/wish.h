// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace postrider::smtp {

// Wishes that both ends of a dialogue have.
struct Say {
  std::string bytes;  // never empty
};
// Do the TLS handshake, after what was said before is sent; then tls_started() or tls_failed().
struct StartTls {};

}  // namespace postrider::smtp

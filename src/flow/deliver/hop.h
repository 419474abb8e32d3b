// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "io/transport.h"

namespace postrider {

// A machine that takes mail for a destination.
struct Hop {
  io::Endpoint at;
  std::string host;  // its name for SNI and in its certificate; of a route without one the address
  std::string site;  // as what we know of it is remembered: "mx.example.org:25", "192.0.2.1:2525"
};

}  // namespace postrider

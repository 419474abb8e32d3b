// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

namespace postrider {

// What kind of failure: callers branch on it. A kind exists when something does different things for it.
enum class Code {
  invalid,  // the caller's input is wrong; asking again gives the same answer
  not_found,
  exists,       // already there
  forbidden,    // known, and not allowed
  unavailable,  // try later: a peer, the store, a lock
  exhausted,    // no room: disk, memory, a budget
  timeout,
  closed,     // the peer or the owner has gone away
  fenced,     // a newer epoch owns this stream: stop
  ambiguous,  // it may or may not have happened; find out before doing anything else
  corrupt,    // stored bytes are not what was written
  io,         // the operating system refused
  internal,   // our bug
};

std::string_view name(Code code);

// An expected failure. `detail` is for the operator's log; what a peer may read is chosen from `code` at the
// edge.
struct Error {
  Code code = Code::internal;
  std::string detail;
};

}  // namespace postrider

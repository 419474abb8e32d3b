// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <variant>

#include "flow/schedule/assignment.h"
#include "model/event.h"

namespace postrider {

// What an attempt means, as types, because each leads to something different.
struct Delivered {};
struct TryLater {
  bool slow_down = false;  // the peer asks for less (421, 4.7.x): the destination's window shrinks
};
struct Refused {
  Refusal refusal = Refusal::blocked;
};
using Outcome = std::variant<Delivered, TryLater, Refused>;

// Reads an answer. Temporary is the default for what is not understood: a wrong guess then costs a retry, not
// a message. A 5xx about the address is a bounce; about the message, us or policy, blocked (api/rules.md 15).
Outcome classify(const Report::One& result);

// The enhanced status of a result: the peer's own, else the nearest that its reply code allows (RFC 3463).
std::string status_of(const Report::One& result);

}  // namespace postrider

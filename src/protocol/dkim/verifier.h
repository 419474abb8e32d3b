// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace postrider::dkim {

enum class Status {
  pass,
  fail,       // well-formed, and does not hold: changed, forged or expired
  temperror,  // the key could not be asked for; later it may pass
  permerror,  // the signature or its key record is not usable
};
std::string_view name(Status status);  // as in Authentication-Results (RFC 8601 2.7.1)

// What one DKIM-Signature field turned out to be worth.
struct Verdict {
  std::string domain;     // d=, in A-labels; empty when it cannot be read
  std::string selector;   // s=
  std::string algorithm;  // a=
  Status result = Status::permerror;
  std::string reason;    // why not, or what to know of a pass
  bool partial = false;  // l= leaves the end of the body unsigned
  bool testing = false;  // the key record says t=y
};

// The TXT records at a name, the strings of each joined. Code::not_found when there are none; every other
// error is taken for temporary.
using KeyLookup = std::function<Result<std::vector<std::string>>(const std::string& name)>;

// Checks the signatures of a whole message (CRLF line ends), in header order, at most eight of them. RFC
// 6376 6.1 with RFC 8301 (no SHA-1, no RSA key under 1024 bits) and RFC 8463.
std::vector<Verdict> verify(std::string_view message, const KeyLookup& lookup, Time now);

}  // namespace postrider::dkim

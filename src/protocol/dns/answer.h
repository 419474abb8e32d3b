// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace postrider::dns {

enum class Status : std::uint8_t {
  ok,       // `records` holds at least one
  no_data,  // the name exists and has none of this type
  no_name,  // NXDOMAIN: the name does not exist
  failed,   // nobody knows: SERVFAIL, a time-out, a signature that does not hold; ask again later
};

// What a resolver says to one question.
template <class Record>
struct Answer {
  Status status = Status::failed;
  std::vector<Record> records = {};
  std::chrono::seconds ttl{0};
  bool authenticated = false;  // DNSSEC: the whole chain holds
  std::string why = {};        // failed: in words, for the operator
};

// Names in answers are in A-labels, lower case, without the last dot; the root is "".
struct Mx {
  std::uint16_t preference = 0;  // the lowest first
  std::string host;
};

}  // namespace postrider::dns

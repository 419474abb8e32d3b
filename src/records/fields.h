// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <limits>
#include <vector>

#include "base/codec.h"
#include "model/submission.h"

namespace postrider::records {

// The pieces that several records share. Times are zigzag varints of milliseconds.
void put(Writer& out, const Contact& contact);
void put(Writer& out, const std::vector<Contact>& contacts);
void put(Writer& out, const std::vector<Pair>& pairs);
void put_time(Writer& out, Time time);

Contact take_contact(Reader& in);
std::vector<Contact> take_contacts(Reader& in);
std::vector<Pair> take_pairs(Reader& in);
Time take_time(Reader& in);

// A varint that must fit its field: cut off it would name somebody else.
template <class Number>
Number take_number(Reader& in) {
  const auto value = in.varint();
  if (value <= std::numeric_limits<Number>::max()) return static_cast<Number>(value);
  in.fail();
  return 0;
}

}  // namespace postrider::records

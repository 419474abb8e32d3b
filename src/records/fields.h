// SPDX-License-Identifier: Apache-2.0
#pragma once
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

}  // namespace postrider::records

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <string>

#include "protocol/mail/address.h"

namespace postrider::mail {

// A person or a thing with an address, as it stands in From, To or Reply-To.
struct Mailbox {
  std::string name;  // UTF-8, any characters; may be empty
  Address address;
};

// `Joe <joe@example.com>`, or the bare address without a name. ASCII unless the address needs SMTPUTF8.
std::string header_form(const Mailbox& mailbox);
std::string header_form(std::span<const Mailbox> list);  // parted by ", "

}  // namespace postrider::mail

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "flow/queue/message.h"
#include "journal/journal.h"

namespace postrider {

// The address of a recipient, read from its record: the queue holds no text. Empty when it cannot be read
// now. Any thread, but the recipient is the road's.
std::string address_of(const Recipient& recipient, const journal::Journal& journal);

}  // namespace postrider

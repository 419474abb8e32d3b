// SPDX-License-Identifier: Apache-2.0
#include "flow/schedule/destination.h"

#include <utility>

namespace postrider {

void Destination::join(Recipient& recipient) {
  recipient.next = nullptr;
  ++waiting_;
  for (auto& line : lines_) {
    if (line.tenant != recipient.message->tenant) continue;
    line.tail->next = &recipient;
    line.tail = &recipient;
    ++line.length;
    return;
  }
  lines_.push_back({recipient.message->tenant, &recipient, &recipient, 1});
}

Recipient* Destination::pop(Line& line) {
  auto* recipient = line.head;
  line.head = std::exchange(recipient->next, nullptr);
  if (!line.head) line.tail = nullptr;
  --line.length;
  return recipient;
}

}  // namespace postrider

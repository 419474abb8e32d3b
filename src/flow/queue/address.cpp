// SPDX-License-Identifier: Apache-2.0
#include "flow/queue/address.h"

#include <utility>

#include "records/accepted.h"

namespace postrider {

std::string address_of(const Recipient& recipient, const journal::Journal& journal) {
  const auto bytes = journal.read({&recipient.queued, 1});
  if (!bytes.ok()) return {};
  auto queued = records::decode_queued(bytes->front());
  return queued.ok() ? std::move(queued->email) : std::string();
}

}  // namespace postrider

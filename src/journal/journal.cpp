// SPDX-License-Identifier: Apache-2.0
#include "journal/journal.h"

namespace postrider::journal {

std::size_t Group::bytes() const {
  constexpr std::size_t label = 40;
  std::size_t total = 8 * releases.size() + (8 + label) * moves.size();
  for (const auto& entry : entries) total += entry.bytes.size() + label;
  for (const auto& event : events) total += event.size() + 4;
  if (claim) total += claim->key.size() + claim->answer.size() + 64;
  return total;
}

}  // namespace postrider::journal

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/result.h"
#include "readers/activity/activity.h"
#include "store/store.h"
#include "testing/world/history.h"
#include "testing/world/mortal_journal.h"

namespace postrider::testing {

// Everything there is to know when a run is over.
struct Account {
  const std::vector<Submitted>& submitted;
  const std::vector<Arrived>& arrived;  // in order of arrival
  const std::vector<Restart>& restarts;
  const std::vector<MortalJournal::Batch>& batches;
  std::set<std::string> held;                         // addresses the node still holds for the operator
  std::set<std::string> suspected;                    // of those, because processes died over them
  std::set<std::string> poisoned;                     // over whom processes did die
  const std::map<std::string, std::string>& nowhere;  // domains that take no mail -> the status of a refusal
  std::size_t damaged_places = 0;  // where a bit was rotted: what one place may cost is not a loss
  std::optional<Duration> latest;  // nothing may arrive later than this after its acceptance
  store::Store& store;
  Time now;
};

// L  nothing acknowledged is lost: it arrived, or a final event says why not, or it is held. Held as
// suspected
//    is only what kills.
// D  nothing arrives twice, but where the sender could not know: it died, or the line broke, between the
// peer's taking it and
//    its own record of that. The copies are the same to the byte.
// T  a process that has spoken to a site under TLS never begins to in the clear.
// N  DNS has mail refused only where it says on purpose, or twice, that there is nowhere to go.
// E  the events tell just what happened: processed first, one final event for each recipient, none missing,
// none doubled.
std::vector<Violation> check(const Account& account);

}  // namespace postrider::testing

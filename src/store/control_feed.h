// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "store/change.h"
#include "store/store.h"

namespace postrider::store {

struct NumberedChange {
  std::int64_t n = 0;
  Change change;
};

// The changes that transactions announced, numbered in the order in which they committed: whoever has read up
// to n has missed nothing up to n. Any thread.
class ControlFeed {
 public:
  explicit ControlFeed(Store& store) : store_(store) {}

  // 0 = nothing was ever announced. Read this first, then build what depends on it, then follow from here.
  Result<std::int64_t> newest();
  // In order, at most `limit`. not_found: changes after n are forgotten already; build anew.
  Result<std::vector<NumberedChange>> changes_after(std::int64_t n, int limit = 1000);
  // Destroys the changes up to n: nobody that follows the feed is that far behind.
  Result<void> forget(std::int64_t up_to);

 private:
  Store& store_;
};

// The tables of this folder; Store::migrate puts them first by itself.
const Schema& own_schema();

// Writes announced changes inside a transaction; Transaction calls it.
Result<void> write_changes(Session& session, const std::vector<Change>& changes);

}  // namespace postrider::store

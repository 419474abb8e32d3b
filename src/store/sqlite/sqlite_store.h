// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace postrider::store {

struct SqliteOptions {
  std::string path;                         // ":memory:" lives as long as the store
  std::string vfs = {};                     // SQLite's name of a file system; empty = the machine's
  int readers = 4;                          // connections for reading; 0 = all share the writing one, and
                                            // nobody else may open the file (no shared memory is needed)
  Duration busy = std::chrono::seconds(5);  // how long to wait for the writer before `unavailable`
};

// WAL, synchronous=FULL: what is committed survives power loss. Deleted content is not overwritten
// (secure_delete=off): what must be unreadable after deletion is sealed. After a failed sync the store
// refuses to write until it is opened anew, since asking the same pages again may lie.
Result<std::unique_ptr<Store>> open_sqlite(SqliteOptions options);

}  // namespace postrider::store

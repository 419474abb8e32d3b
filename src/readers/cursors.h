// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "journal/journal.h"
#include "store/store.h"

namespace postrider::readers {

// Which log is read by whom.
struct Place {
  std::string reader;
  std::string stream;
};

// How far a reader has come, as stored.
struct Progress {
  journal::Cursor cursor;
  std::string held;  // why it must not go on; empty = it may
  friend bool operator==(const Progress&, const Progress&) = default;
};

// The tables of this folder, inside a transaction of the caller's.
Result<std::optional<Progress>> progress(store::Transaction& tx, const Place& place);
// Makes the first row. Nothing happens when there is one.
Result<void> begin_at_oldest(store::Transaction& tx, const Place& place, Time now);
// Moves the cursor from where the caller believes it to be. fenced = it is elsewhere, or held: somebody else
// reads this stream too, so nothing of this transaction may stay.
Result<void> advance(store::Transaction& tx, const Place& place, journal::Cursor from, journal::Cursor to,
                     Time now);
Result<void> hold(store::Transaction& tx, const Place& place, std::string_view why, Time now);
// By an operator's decision: from there on, held no more.
Result<void> resume_from(store::Transaction& tx, const Place& place, journal::Cursor cursor, Time now);
// Keeps an event that cannot be read, so that reading can go on.
Result<void> set_aside(store::Transaction& tx, const Place& place, std::uint64_t incarnation,
                       const journal::EventRecord& record, std::string_view why, Time now);

// Destroys what was set aside more than thirty days ago. Returns how many.
Result<std::int64_t> sweep(store::Store& store, Time now);

const store::Schema& schema();  // tables `reader_cursors`, `reader_set_aside`

}  // namespace postrider::readers

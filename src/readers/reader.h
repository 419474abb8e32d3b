// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "journal/journal.h"
#include "readers/cursors.h"
#include "readers/effect.h"
#include "store/store.h"

namespace postrider::readers {

// Follows one event log and applies what it reads. Cursor and effect are one transaction: after any crash the
// effect of exactly the events up to the cursor is there. A reader that falls behind, or a store that is
// full, stops neither acceptance nor delivery: its events wait in the log.
class Reader {
 public:
  struct Options {
    std::string stream;       // whose log it is: the node's name
    std::size_t page = 1000;  // events for one transaction
  };
  Reader(const journal::Journal& journal, store::Store& store, Effect& effect, Log& log, Options options)
      : journal_(journal),
        store_(store),
        effect_(effect),
        log_(log),
        place_{std::string(effect.name()), std::move(options.stream)},
        page_(options.page) {}

  enum class Step {
    idle,    // everything is read
    worked,  // go on at once
    later,   // the journal or the store cannot just now; wait before trying again
    held,    // not without a person
  };
  // Reads and applies one page. One thread at a time, a worker's: it blocks.
  Step step(Time now);

  // A log behind its own cursor, or in another life, was restored wrongly: what was read and what is there no
  // longer belong together. Reading on could lose events without a sign, so a held reader stays held, over
  // restarts too, until somebody decides where it goes on: Cursor{} is the oldest event kept, the log's tail
  // is what comes next. Any thread; the reader sees it at its next step.
  template <store::Accountable Entry>
  Result<void> resume(journal::Cursor from, Time now, const Entry& entry) {
    return store::writing(store_, [&](store::Transaction& tx) -> Result<void> {
      PR_TRY(resume_from(tx, place_, from, now));
      return tx.commit(entry);
    });
  }

  struct Status {
    bool following = true;
    std::string held;          // why not
    std::string waits;         // why the last step came to nothing; it is tried again
    std::uint64_t lag = 0;     // events not applied yet; about right, since sequences may have gaps
    std::optional<Time> upto;  // when the newest applied event happened, if one was since start
    std::uint64_t applied = 0, set_aside = 0;  // since start
  };
  Status status() const;  // any thread
  const Place& place() const { return place_; }

 private:
  Result<Step> follow(Time now);
  Result<Progress> stored_progress(Time now);
  Result<Step> apply(const Progress& at, const journal::EventPage& page, Time now);
  Step hold_at(std::string_view why, Time now);
  void say_held(const std::string& why);
  void note_wait(const Error* why);  // null = it does not wait
  void note(journal::Cursor cursor);

  const journal::Journal& journal_;
  store::Store& store_;
  Effect& effect_;
  Log& log_;
  const Place place_;
  const std::size_t page_;
  bool said_held_ = false;

  mutable std::mutex mutex_;
  Status status_;
  journal::Cursor cursor_;  // for status(): where the last step left it
};

}  // namespace postrider::readers

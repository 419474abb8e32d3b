// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "journal/journal.h"
#include "testing/seeded_random.h"

namespace postrider::testing {

// What goes wrong by itself between nodes and their database: each happens in one of n calls, 0 = never.
struct ReferenceFaults {
  std::uint64_t unavailable = 0;         // a statement fails, nothing is stored
  std::uint64_t ambiguous = 0;           // the connection breaks in COMMIT: stored or not, by seed
  std::uint64_t landed_unavailable = 0;  // asking about it fails too
  std::uint64_t burn = 0;                // another transaction aborts and takes numbers with it
  std::uint64_t late_events = 0;         // a batch's events are seen later than those of the next
};

// The database that several nodes keep their streams in, as the model of the PostgreSQL engine (design 2). It
// survives every crash of a node. ReferenceJournal is a node's view of one stream. One thread.
class ReferenceDatabase {
 public:
  explicit ReferenceDatabase(std::uint64_t seed) : random_(seed) {}

  void set_faults(ReferenceFaults faults) { faults_ = faults; }
  void set_reachable(std::string_view node, bool reachable);
  // The next COMMIT of any node breaks, having stored its batch or not; `asks` questions about it fail first.
  // nullopt takes the order back.
  void break_next_commit(std::optional<bool> stored, int asks = 0);
  bool commit_is_breaking() const { return break_next_.has_value(); }  // asked for, and not happened yet
  // Events of batches committed from now on stay unseen until show_events: transactions end out of order.
  void hide_events(bool hide) { hide_events_ = hide; }
  void show_events();
  void rot(std::string_view stream, journal::Sequence place);  // nobody can read this record any more
  void promote() { ++timeline_; }  // a standby became the primary: nobody may take a lease within one TTL
  void start_new_life(
      std::string_view stream);  // the event log was restored from elsewhere: cursors are void

 private:
  friend class ReferenceJournal;

  struct Record {
    bool live = false;
    journal::Label label;
    std::string bytes;  // of a blob too
    bool rotten = false;
  };
  struct Event {
    enum class State : std::uint8_t { dead, unseen, seen };
    State state = State::dead;  // dead = its transaction aborted: not a gap
    Time committed{};
    std::string bytes;
  };
  struct Stream {
    std::uint64_t epoch = 0;
    std::uint64_t renewals = 0;  // the lease's counter
    std::string holder;
    std::uint64_t incarnation = 0;

    std::uint64_t spool_first = 1;  // sequence of spool.front()
    std::deque<Record> spool;
    std::uint64_t events_first = 1;
    std::deque<Event> events;
    std::map<std::pair<std::uint64_t, std::string>, journal::Claim, std::less<>> claims;
    std::map<std::array<std::uint8_t, 16>, std::string> staged;
    std::optional<std::uint64_t> last_number;  // newest batch stored in this epoch, with what it answered
    std::vector<journal::Receipt> last_receipts;
    std::uint64_t used = 0;
    std::uint64_t live = 0;

    Record* find(journal::Sequence sequence);
    const Record* find(journal::Sequence sequence) const;
    std::uint64_t next_sequence() const { return spool_first + spool.size(); }
    std::uint64_t events_end() const { return events_first + events.size(); }
  };

  Stream& stream(std::string_view name);
  bool reachable(std::string_view node) const { return !unreachable_.contains(node); }
  bool happens(std::uint64_t one_in) { return one_in != 0 && random_.one_in(one_in); }
  // Whether COMMIT breaks now, and then whether it stored.
  std::optional<bool> breaks();
  bool answers_about_landing();

  std::vector<journal::Receipt> store(Stream& stream, std::span<const journal::Group> groups, Time now);
  journal::Receipt store(Stream& stream, const journal::Group& group, Time now, Event::State state);
  static void release(Stream& stream, journal::Sequence sequence);
  void burn(Stream& stream);

  SeededRandom random_;
  ReferenceFaults faults_;
  std::map<std::string, Stream, std::less<>> streams_;
  std::set<std::string, std::less<>> unreachable_;
  std::optional<bool> break_next_;
  int failing_asks_ = 0;
  bool hide_events_ = false;
  std::uint64_t timeline_ = 1;
};

}  // namespace postrider::testing

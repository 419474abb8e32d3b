// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/result.h"
#include "flow/queue/message.h"
#include "journal/journal.h"

namespace postrider {

// Messages to take back, by the hashes of their ids, sorted. A hash too many costs nothing.
struct Recall {
  std::vector<std::uint64_t> hashes;
  void add(const MessageId& id);
  bool wants(const MessageId& id) const;
};

// What the journal says of them. Slow: not on the road thread. Any other.
struct Recalled {
  std::vector<std::pair<journal::Sequence, journal::Label>> records;
};
Result<Recalled> recall(const journal::Journal& journal, const Recall& what);

// The messages that memory has let go of until shortly before they are due. Of each only a hash stays, by the
// hour in which it is due; the journal has the rest, and tells of it when it is recalled. One thread (the
// road).
class Parking {
 public:
  static constexpr std::int64_t hour_ms = 3'600'000;
  static constexpr std::int64_t lead_ms = 300'000;  // an hour is recalled this long before it begins

  // Whether somebody due then is worth parking now: later than an hour, and not to be recalled at once.
  static bool worthwhile(std::int64_t due_ms, std::int64_t now_ms) {
    return due_ms > now_ms + hour_ms && due_ms / hour_ms * hour_ms - lead_ms > now_ms;
  }

  void park(const MessageId& id, std::int64_t due_ms, std::size_t recipients);

  Recall due(std::int64_t now_ms);  // of the hours that have come: they are forgotten here
  std::int64_t next_ms() const;     // when due() next has something; INT64_MAX = never
  Recall everybody() const;

  // Whatever the journal is asked to recall is told of here, before and after: a message may come back by one
  // recall and be gone when another, which saw it live, returns.
  void begin() { ++out_; }
  void end();
  bool take_back(const MessageId& id, std::size_t recipients);  // false = that is what happened: not again

  std::size_t recipients() const { return recipients_; }
  std::size_t bytes() const;
  // Those that nothing will bring back any more, although they were parked. Told once.
  std::size_t missing() { return hours_.empty() && out_ == 0 ? std::exchange(recipients_, 0) : 0; }

 private:
  std::map<std::int64_t, std::vector<std::uint64_t>> hours_;
  std::size_t recipients_ = 0;
  std::size_t out_ = 0;
  std::unordered_set<std::uint64_t> back_;  // since a recall that is still out began
};

}  // namespace postrider

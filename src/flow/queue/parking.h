// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "flow/queue/message.h"
#include "journal/journal.h"

namespace postrider {

// Messages to take back, by the hashes of their ids, sorted. A hash too many costs nothing.
struct Recall {
  std::vector<std::uint64_t> hashes;
  std::uint64_t number = 0;  // recalls are numbered as they begin
  void add(const MessageId& id);
  bool wants(const MessageId& id) const;
};

// What the journal says of them. Slow: not on the road thread. Any other.
struct Recalled {
  std::vector<std::pair<journal::Sequence, journal::Label>> records;
  std::uint64_t number = 0;  // the recall's
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

  // Whatever the journal is asked to recall is told of here, before and after, and so is every message that
  // leaves memory. Where it stood until then, and whether it is still there, only a recall that begins later
  // knows: take_back() = false, the others have seen what is so no more.
  void begin(Recall& recall);
  void end();
  void left(const MessageId& id);
  bool take_back(const MessageId& id, std::size_t recipients, std::uint64_t recall);

  std::size_t recipients() const { return recipients_; }
  std::size_t bytes() const;
  // Those that nothing will bring back any more, although they were parked. Told once.
  std::size_t missing() { return hours_.empty() && out_ == 0 ? std::exchange(recipients_, 0) : 0; }

 private:
  std::map<std::int64_t, std::vector<std::uint64_t>> hours_;
  std::size_t recipients_ = 0;
  std::uint64_t begun_ = 0;                                // recalls, ever
  std::size_t out_ = 0;                                    // of them
  std::unordered_map<std::uint64_t, std::uint64_t> left_;  // while some are out: the last begun by then
};

}  // namespace postrider

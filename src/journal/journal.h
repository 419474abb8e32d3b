// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

// The journal: the truth about mail in flight. Two logs under one contract: the spool (records that are held
// until they are released) and the events (a window of days, read by cursor). What the bytes mean is in
// records/; an engine stores them without looking. The engines run one suite: journal/conformance.h.
namespace postrider::journal {

// The place of a record in a stream's spool. Strictly increasing, never reused, gaps allowed. 0 = none.
struct Sequence {
  std::uint64_t value = 0;
  friend auto operator<=>(const Sequence&, const Sequence&) = default;
  explicit operator bool() const { return value != 0; }
};

// A reader's position in the event log: everything up to and including `sequence` has been read. The
// incarnation names one life of the log, so that a cursor from another life is recognised and never silently
// reused.
struct Cursor {
  std::uint64_t incarnation = 0;
  std::uint64_t sequence = 0;
  friend bool operator==(const Cursor&, const Cursor&) = default;
};

// What a restart must know of a record without reading its bytes; kept in hint files. To an engine only `due`
// means anything (it groups parked records by due hour).
struct Label {
  std::uint8_t kind = 0;                 // records::Kind
  std::array<std::uint8_t, 16> owner{};  // the message it belongs to
  std::uint32_t n = 0;                   // which recipient or variant of it
  std::uint16_t attempt = 0;             // attempts made so far
  std::int64_t due_ms = 0;               // Time in milliseconds; 0 when it has none
  std::uint64_t lane = 0;                // destination
  friend bool operator==(const Label&, const Label&) = default;
};

// A body too large for a batch, already durable in a place of its own: Journal::stage made it.
struct Blob {
  std::array<std::uint8_t, 16> name{};
  std::uint64_t size = 0;
  explicit operator bool() const { return size != 0; }
};

// A record to append. It is held (its segment cannot go) until a later group releases its sequence.
struct Entry {
  Label label;
  std::string bytes;  // empty when `blob` holds them
  Blob blob;
};

// The same bytes at a new place with a new label: a deferral, a parking, a cleaning. The old place is
// released in the same group. Only the queue, which owns the recipient, moves it, and never while it is in
// flight.
struct Move {
  Sequence from;
  Label label;
};

// A client's idempotency key. The first group with (tenant, key) wins, as long as `expires` has not passed.
struct Claim {
  std::uint64_t tenant = 0;
  std::string key;
  std::array<std::uint8_t, 32> digest{};  // of the request, so that another body is told apart
  std::string answer;                     // what to say again, at most answer_limit bytes
  Time expires{};

  static constexpr std::size_t answer_limit = 16;  // all that hold are in memory
};

// Intake stops at the watermark; the road may use the reserve, because settling is what frees room.
enum class Purpose : std::uint8_t { intake, road };

// What becomes durable together: after a crash all of it is there or none of it, across both logs. A release
// of a sequence that is released already, or that no engine knows, changes nothing.
struct Group {
  Purpose purpose = Purpose::road;
  std::vector<Entry> entries;
  std::vector<Move> moves;
  std::vector<Sequence> releases;
  std::vector<std::string> events;
  std::optional<Claim> claim;

  std::size_t bytes() const;  // roughly what it adds to a batch
};

// What became of one group of a batch.
struct Receipt {
  Sequence first;              // entry i got first + i, and move j got first + entries.size() + j
  std::optional<Claim> taken;  // another group holds the claim: nothing of this group was stored
};

// A place in the road's permission to send. `valid_until` is on the local monotonic clock and was taken
// before the renewal was asked for; a sender checks it before every final dot. It holds no more once a sync
// has failed, for what the dot would bring about could not be recorded.
struct Lease {
  std::uint64_t epoch = 0;
  Instant valid_until{};
  bool holds(Instant now) const { return now < valid_until; }
};

struct EventRecord {
  std::uint64_t sequence = 0;
  std::string bytes;
};
struct EventPage {
  std::vector<EventRecord> events;
  Cursor next;  // read_events(next) continues here, also when `events` is empty
};

// What recovery found. A quarantined range is set aside, never cut off: what follows it is served.
struct Quarantine {
  std::string where;  // file and byte range, or table and sequence range
  std::string why;
};
struct Recovered {
  std::uint64_t epoch = 0;
  bool taken_over = false;  // another node wrote this stream before us: intents without outcome are uncertain
  std::uint64_t live = 0;
  std::vector<Quarantine> quarantined;
};

struct Space {
  std::uint64_t used = 0;   // bytes on disk, both logs
  std::uint64_t limit = 0;  // limits.spool, or what the disk can give if that is less
  bool refusing = false;    // above the watermark: intake is refused with `exhausted`
};

struct Counters {  // since start; for metrics and the bench
  std::uint64_t batches = 0, groups = 0, bytes_written = 0, syncs = 0;
  std::uint64_t sync_ns = 0;  // spent in syncs
  std::uint64_t live = 0;     // records held now
  std::uint64_t claims = 0;   // held now
  std::uint64_t segments = 0, segments_free = 0, quarantined = 0;
  bool failed = false;  // a sync failed: nothing is acknowledged until a restart
};

// One stream of one node. `recover` once, first. `commit`, `landed` and `maintain` belong to one thread (the
// journal thread); everything else may be called from any thread at any time after recovery.
class Journal {
 public:
  virtual ~Journal() = default;

  // Opens the stream under a new epoch and tells of every live record in sequence order. fenced = somebody
  // else holds it; corrupt = the journal as a whole cannot be read (damaged ranges are quarantined, not an
  // error).
  using Live = std::function<void(Sequence, const Label&)>;
  virtual Result<Recovered> recover(const Live& live) = 0;

  // Makes a batch durable, all groups or none (but for groups whose claim is taken). `number` is the
  // caller's, strictly increasing from 1 within an epoch. On ok everything is on stable storage. Errors:
  //   exhausted  nothing stored; above the watermark or no room. Groups for the road may still fit.
  //   unavailable  nothing stored, for a passing reason: the same batch may be tried again
  //   invalid    nothing stored: a group breaks a limit (inline_limit, event_limit, answer_limit, an unstaged
  //              blob, too large a batch)
  //   fenced     nothing stored, now or ever, under this epoch
  //   ambiguous  stored or not: ask landed(number) before anything else
  //   io         a sync failed. Whether it is stored is unknown until a restart; nothing commits before one.
  virtual Result<std::vector<Receipt>> commit(std::uint64_t number, std::span<const Group> groups) = 0;

  // After `ambiguous`: the receipts of that batch if it is stored, nullopt if it is not and never will be, so
  // that committing it again is safe. unavailable = no answer yet, ask again; fenced = the epoch is over.
  virtual Result<std::optional<std::vector<Receipt>>> landed(std::uint64_t number) = 0;

  // Writes a large body to its own durable place before the group that names it is committed. Bodies that no
  // live record names are removed by recovery.
  virtual Result<Blob> stage(std::string_view bytes) = 0;
  // Gives back a staged body that no group will name after all: its room at once, its file with upkeep.
  // Nothing changes when a stored record names it, or when nobody knows whether one does (after `io`): the
  // next recovery does it then.
  virtual void unstage(const Blob& blob) = 0;
  // Bodies above this size must be staged, so that 30 MB never delays a password reset.
  static constexpr std::size_t inline_limit = 256 * 1024;

  // An event up to this size is taken by every engine. Readers hold a page of them in memory.
  static constexpr std::size_t event_limit = 512 * 1024;

  // The bytes of live records, in the order asked; reading neighbours together costs one decryption.
  // not_found = released; corrupt = quarantined.
  virtual Result<std::vector<std::string>> read(std::span<const Sequence> sequences) const = 0;

  virtual std::optional<Claim> claim(std::uint64_t tenant, std::string_view key) const = 0;
  // Whether there is room to hold another claim of this tenant. commit() does not ask, for what was promised
  // is kept whatever it takes: whoever makes promises asks before.
  virtual bool may_claim(std::uint64_t tenant) const = 0;

  // Events after the cursor, in order, durable ones only; at most about `max` of them. An event that may
  // still appear below one already seen stops the page (a gap). Cursor{} starts at the oldest kept.
  //   not_found  the cursor is of another life of the log
  //   invalid    the cursor is ahead of the log: something was restored wrongly, stay held
  virtual Result<EventPage> read_events(Cursor after, std::size_t max) const = 0;
  virtual Cursor events_tail() const = 0;

  virtual Lease lease() const = 0;
  virtual Space space() const = 0;
  virtual Counters counters() const = 0;

  // One bounded step of upkeep: carry events over, persist what is released, recycle segments, drop events
  // older than `events_before`, expire claims. Returns whether there is more to do now.
  virtual Result<bool> maintain(Time now, Time events_before) = 0;
  // Live records whose places are worth freeing (little else lives beside them), oldest first. The owner
  // moves those it may, by groups with moves. Empty below the cleaning mark; never more than one batch holds.
  struct LiveRecord {
    Sequence sequence;
    Label label;
  };
  virtual std::vector<LiveRecord> worth_moving(std::size_t max) const = 0;

  // Tells again of the live records that are `wanted`, in sequence order, as recover() did: for an owner that
  // has parked some, which is to keep nothing of them in memory. Only those below recallable() are told of.
  // Slow, it looks at every label; `wanted` is called on this thread. unavailable = not now, ask again.
  using Wanted = std::function<bool(const Label&)>;
  virtual Result<void> recall(const Wanted& wanted, const Live& live) const = 0;
  virtual Sequence recallable() const = 0;
};

}  // namespace postrider::journal

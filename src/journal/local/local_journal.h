// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "journal/journal.h"
#include "journal/local/draft.h"
#include "journal/local/engine.h"

namespace postrider::journal::local {

// The journal of one node on its own disk. The disk's root is the journal's own directory, and whoever made
// this holds the lock that keeps other processes out of it: the lease ends only when a sync fails, and
// nothing here is ever `ambiguous`. The wrapping key seals every other key and never touches this disk.
//
// A group that moves a record which was released meanwhile still gets its number; nothing lives there.
class LocalJournal final : public Journal {
 public:
  LocalJournal(Disk& disk, Random& random, const Clock& clock, Log& log, const Key& wrapping,
               Options options = {})
      : ground_{disk, random, clock, log, options, wrapping},
        spool_limit_(options.spool_limit),
        claims_most_(options.claims_most) {}

  Result<Recovered> recover(const Live& live) override;
  Result<std::vector<Receipt>> commit(std::uint64_t number, std::span<const Group> groups) override;
  Result<std::optional<std::vector<Receipt>>> landed(std::uint64_t number) override;
  Result<Blob> stage(std::string_view bytes) override;
  void unstage(const Blob& blob) override;
  Result<std::vector<std::string>> read(std::span<const Sequence> sequences) const override;
  std::optional<Claim> claim(std::uint64_t tenant, std::string_view key) const override;
  bool may_claim(std::uint64_t tenant) const override;
  Result<EventPage> read_events(Cursor after, std::size_t max) const override;
  Cursor events_tail() const override;
  Lease lease() const override;
  Space space() const override;
  Counters counters() const override;
  Result<bool> maintain(Time now, Time events_before) override;
  std::vector<LiveRecord> worth_moving(std::size_t max) const override;
  Result<void> recall(const Wanted& wanted, const Live& live) const override;
  Sequence recallable() const override;

  // Options::spool_limit and claims_most from now on; the disk's share with the next upkeep. Any thread.
  void set_limits(std::uint64_t spool, std::size_t claims) {
    spool_limit_ = spool;
    claims_most_ = claims;
  }

  // Journal thread, when the server has drained: carries everything over and closes both logs with their
  // hints, so that the next start replays nothing. Nothing may be committed afterwards. Leaving it out costs
  // time only.
  Result<void> close();

 private:
  Result<void> admit(std::span<const Group> groups) const;
  Result<void> store(std::span<const Group> groups);
  Result<bool> upkeep(Time now, Time events_before);
  Result<bool> prepare();
  void refresh_space();
  std::uint64_t used() const;
  template <class T>
  Result<T> noted(Result<T> result);

  Ground ground_;
  std::unique_ptr<Engine> engine_;  // from recover() on
  Draft draft_;
  std::uint64_t last_number_ = 0;  // the last commit that is stored, and what it said
  std::vector<Receipt> last_receipts_;
  std::size_t quarantined_ = 0;
  std::atomic<bool> failed_ = false;
  std::atomic<std::uint64_t> spool_limit_;
  std::atomic<std::size_t> claims_most_;
  std::atomic<std::uint64_t> limit_ = 0;
  std::atomic<std::uint64_t> batches_ = 0, groups_ = 0, free_segments_ = 0;
};

}  // namespace postrider::journal::local

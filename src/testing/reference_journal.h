// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "journal/journal.h"
#include "testing/reference_database.h"

namespace postrider::testing {

// One node's journal in a ReferenceDatabase: the contract of journal.h said as simply as it can be said, with
// the trouble a shared database brings. A node crashes by destroying this object and making a new one.
//
// The lease: every commit and every maintain renews it by raising a counter. A node takes its own stream back
// at once; another node must see the counter unchanged for a full TTL on its own clock, so recover() answers
// `fenced` until it does (call it again). Losing sight of the database, or a promotion, starts the wait anew.
class ReferenceJournal final : public journal::Journal {
 public:
  struct Options {
    std::string stream = "a";
    std::string node = "a";
    Duration ttl = std::chrono::seconds(10);
    std::uint64_t limit = 1ull << 40;  // bytes; intake is refused above nine tenths of it
    std::size_t claims = SIZE_MAX;     // held at a time
  };

  ReferenceJournal(ReferenceDatabase& database, const Clock& clock, Options options)
      : database_(database), clock_(clock), options_(std::move(options)), random_(database.random_.fork()) {}

  Result<journal::Recovered> recover(const Live& live) override;
  Result<std::vector<journal::Receipt>> commit(std::uint64_t number,
                                               std::span<const journal::Group> groups) override;
  Result<std::optional<std::vector<journal::Receipt>>> landed(std::uint64_t number) override;
  Result<journal::Blob> stage(std::string_view bytes) override;
  void unstage(const journal::Blob& blob) override;
  Result<std::vector<std::string>> read(std::span<const journal::Sequence> sequences) const override;
  std::optional<journal::Claim> claim(std::uint64_t tenant, std::string_view key) const override;
  bool may_claim(std::uint64_t tenant) const override;
  Result<journal::EventPage> read_events(journal::Cursor after, std::size_t max) const override;
  journal::Cursor events_tail() const override;
  journal::Lease lease() const override { return lease_; }
  journal::Space space() const override;
  journal::Counters counters() const override;
  Result<bool> maintain(Time now, Time events_before) override;
  std::vector<LiveRecord> worth_moving(std::size_t max) const override;
  Result<void> recall(const Wanted& wanted, const Live& live) const override;
  journal::Sequence recallable() const override;

 private:
  using Stream = ReferenceDatabase::Stream;
  // What a node that wants the lease has seen of its holder.
  struct Watch {
    std::uint64_t renewals = 0;
    std::uint64_t timeline = 0;
    Instant since{};
  };

  Stream& stream() const { return database_.stream(options_.stream); }
  Result<void> reach() const;
  bool owns() const { return lease_.epoch != 0 && stream().epoch == lease_.epoch; }
  bool may_take();
  void renew(Instant asked);
  std::uint64_t watermark() const { return options_.limit / 10 * 9; }

  ReferenceDatabase& database_;
  const Clock& clock_;
  Options options_;
  mutable SeededRandom random_;
  std::optional<Watch> watch_;
  journal::Lease lease_;
  journal::Counters counters_;
};

}  // namespace postrider::testing

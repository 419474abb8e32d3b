// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "journal/journal.h"
#include "model/ids.h"

namespace postrider::testing {

// A node's journal as its process has it: after death nothing it says has an effect. It also notes whose
// records each durable batch held, so that the checker can tell what one damaged place may cost.
class MortalJournal final : public journal::Journal {
 public:
  struct Batch {
    std::set<MessageId> messages;
  };
  MortalJournal(std::unique_ptr<journal::Journal> engine, std::vector<Batch>& batches)
      : engine_(std::move(engine)), batches_(batches) {}

  void die() { dead_ = true; }

  Result<journal::Recovered> recover(const Live& live) override { return engine_->recover(live); }
  Result<std::vector<journal::Receipt>> commit(std::uint64_t number,
                                               std::span<const journal::Group> groups) override {
    if (dead_) return gone();
    note(groups);
    return engine_->commit(number, groups);
  }
  Result<std::optional<std::vector<journal::Receipt>>> landed(std::uint64_t number) override {
    if (dead_) return gone();
    return engine_->landed(number);
  }
  Result<journal::Blob> stage(std::string_view bytes) override {
    if (dead_) return gone();
    return engine_->stage(bytes);
  }
  void unstage(const journal::Blob& blob) override {
    if (!dead_) engine_->unstage(blob);
  }
  Result<std::vector<std::string>> read(std::span<const journal::Sequence> sequences) const override {
    if (dead_) return gone();
    return engine_->read(sequences);
  }
  std::optional<journal::Claim> claim(std::uint64_t tenant, std::string_view key) const override {
    return engine_->claim(tenant, key);
  }
  bool may_claim(std::uint64_t tenant) const override { return engine_->may_claim(tenant); }
  Result<journal::EventPage> read_events(journal::Cursor after, std::size_t max) const override {
    if (dead_) return gone();
    return engine_->read_events(after, max);
  }
  journal::Cursor events_tail() const override { return engine_->events_tail(); }
  journal::Lease lease() const override { return engine_->lease(); }
  journal::Space space() const override { return engine_->space(); }
  journal::Counters counters() const override { return engine_->counters(); }
  Result<bool> maintain(Time now, Time events_before) override {
    if (dead_) return gone();
    return engine_->maintain(now, events_before);
  }
  std::vector<LiveRecord> worth_moving(std::size_t max) const override {
    if (dead_) return {};
    return engine_->worth_moving(max);
  }
  Result<void> recall(const Wanted& wanted, const Live& live) const override {
    if (dead_) return gone();
    return engine_->recall(wanted, live);
  }
  journal::Sequence recallable() const override { return engine_->recallable(); }

 private:
  static Error gone() { return {Code::fenced, "the process is dead"}; }
  void note(std::span<const journal::Group> groups) {
    Batch batch;
    for (const auto& group : groups) {
      for (const auto& entry : group.entries) batch.messages.insert(MessageId{entry.label.owner});
      for (const auto& move : group.moves) batch.messages.insert(MessageId{move.label.owner});
    }
    batches_.push_back(std::move(batch));
  }

  std::unique_ptr<journal::Journal> engine_;
  std::vector<Batch>& batches_;
  bool dead_ = false;
};

}  // namespace postrider::testing

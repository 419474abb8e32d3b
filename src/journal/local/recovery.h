// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "journal/local/engine.h"
#include "journal/local/hint_file.h"

namespace postrider::journal::local {

// Builds an engine from what the disk holds. First it only reads; then it makes the new epoch durable; only
// then it writes: it closes what the last epoch left open and deletes what is of no use. A crash anywhere in
// it is recovered by the next one.
class Recovery {
 public:
  explicit Recovery(const Ground& ground) : ground_(ground) {}

  Result<std::unique_ptr<Engine>> run(const Journal::Live& live);
  Recovered report() && { return std::move(report_); }

 private:
  // A use as it was found, before it is believed.
  struct Found {
    UsePtr use;
    std::optional<HintFile> hint;
    bool unused = false;
    bool lost = false;  // nothing of it can be read: it is left as it is, whatever may be done with it
    bool tail = false;  // not closed, and the last of its log
  };
  struct Listed {
    std::set<SegmentNumber> spool, events;
    std::set<SegmentNumber>& of(LogKind log) { return log == LogKind::spool ? spool : events; }
  };

  Result<void> list();
  Result<void> open_uses(const KeySlots& keys);
  Result<void> load(LogKind log);
  Result<void> load(Found& found);
  Result<void> walk_use(Found& found);
  void note_unreadable(Found& found);
  void close_unreadable(Found& tail);
  Result<void> collect_items(const Use& use);
  void item(std::uint64_t number, const FrameItem& item);
  void count_numbers();

  Result<void> settle(Engine& engine);
  Result<void> restore(Engine& engine, const Journal::Live& live);
  Result<void> restore_claims(Engine& engine);
  void quarantine(const std::vector<Quarantine>& damage, std::size_t from = 0);
  void quarantine(std::string where, std::string why);

  const Ground& ground_;
  StreamIdentity identity_;
  Listed files_;
  std::set<SegmentNumber> taken_;       // numbers that must not be given out
  std::vector<SegmentNumber> to_mend_;  // of which one copy of the key is good
  std::vector<Found> found_;            // by serial, both logs
  // Events and claims that the spool holds and the event log does not.
  struct Item {
    std::uint64_t number = 0;
    FrameItem::Type type = FrameItem::Type::event;
    std::string bytes;
  };
  std::vector<Item> items_;
  Recovered report_;
};

}  // namespace postrider::journal::local

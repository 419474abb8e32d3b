// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

#include "journal/local/local_journal.h"
#include "testing/faulty_disk.h"
#include "testing/journal_under_test.h"
#include "testing/memory_log.h"
#include "testing/seeded_random.h"

namespace postrider::journal::local {

// The local engine on a simulated disk, for tests. Segments are small, so that a test sees many of them.
class LocalUnderTest final : public testing::JournalUnderTest {
 public:
  static Options small() {
    Options options;
    options.segment_bytes = 1 << 20;
    options.event_segment_bytes = 256 << 10;
    options.spool_limit = 1ull << 40;
    options.reserve_bytes = 0;
    options.reserve_percent = 0;
    options.free_segments = 2;
    return options;
  }

  explicit LocalUnderTest(std::uint64_t seed, Options with = small());
  ~LocalUnderTest() override;

  Journal& open() override {
    journal.reset();
    disk.set_down(false);
    disk.heal();
    journal = std::make_unique<LocalJournal>(disk, random, clock, log, wrapping, options);
    return *journal;
  }
  void crash() override {
    journal.reset();
    disk.heal();
    disk.set_down(false);
    disk.crash(testing::Unsynced::random);
    disarm();
  }
  void disarm() {
    disk.set_down(false);
    armed_ = crashed_ = false;
  }
  // Points are the operations of the disk and the named crash points, in the order they come.
  bool arm_crash(std::uint64_t step) override {
    armed_ = true;
    crashed_ = false;
    steps_ = step;
    die_at_.clear();
    disk.on_operation([this](testing::DiskOperation, std::string_view) { point(); });
    return true;
  }
  bool crashed() const override { return crashed_; }
  bool arm_sync_failure() override {
    disk.fail({.operations = testing::on({testing::DiskOperation::sync})});
    return true;
  }
  bool limit(std::uint64_t bytes) override {
    options.spool_limit = bytes;
    return true;
  }

  // Dies the n-th time (from 0) that the named point is reached.
  void die_at(std::string_view name, std::uint64_t n = 0) {
    die_at_ = name;
    armed_ = true;
    crashed_ = false;
    steps_ = n;
  }

  Options options;
  testing::FaultyDisk disk;
  testing::SeededRandom random;
  testing::MemoryLog log;
  Key wrapping{1, 2, 3};
  std::unique_ptr<LocalJournal> journal;
  std::vector<std::string> points;  // names of crash points met, when record is set
  bool record = false;

 private:
  void named_point(std::string_view name) {
    if (record) points.emplace_back(name);
    if (die_at_.empty() || die_at_ == name) point();
  }
  void point() {
    if (!armed_ || crashed_ || steps_-- > 0) return;
    crashed_ = true;
    disk.set_down(true);
  }
  bool armed_ = false;
  bool crashed_ = false;
  std::uint64_t steps_ = 0;
  std::string die_at_;
};

}  // namespace postrider::journal::local

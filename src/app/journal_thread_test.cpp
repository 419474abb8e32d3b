// SPDX-License-Identifier: Apache-2.0
#include "app/journal_thread.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "io/system_clock.h"
#include "journal/local/local_journal.h"
#include "testing/fake_clock.h"
#include "testing/faulty_disk.h"
#include "testing/memory_log.h"
#include "testing/seeded_random.h"

namespace postrider::app {
namespace {

using namespace std::chrono_literals;

// The time as it is, and how often upkeep has asked for it.
class CountingClock final : public Clock {
 public:
  Time wall() const override {
    rounds.fetch_add(1);
    rounds.notify_all();
    return Time{};
  }
  Instant monotonic() const override { return io::SystemClock().monotonic(); }
  void wait_for_rounds(int more) const {
    for (const auto until = rounds.load() + more; rounds.load() < until;) rounds.wait(rounds.load());
  }
  mutable std::atomic<int> rounds = 0;
};

TEST(JournalThread, AJournalThatHasFailedIsToldOfOnce) {
  testing::FaultyDisk disk;
  testing::SeededRandom random(1);
  testing::FakeClock journal_clock;
  testing::MemoryLog log;
  journal::local::LocalJournal journal(disk, random, journal_clock, log, {});
  ASSERT_TRUE(journal.recover([](journal::Sequence, const journal::Label&) {}).ok());
  journal::Committer committer(journal, {}, log);
  disk.fail({.operations = testing::on({testing::DiskOperation::sync})});
  const CountingClock clock;
  std::atomic<Code> said = Code::internal;
  {
    JournalThread thread(journal, committer, clock, log, {.upkeep = 1ms});
    journal::Group group;
    group.entries = {{{}, "lost?", {}}};
    committer.submit(std::move(group), [&](Result<journal::Receipt> receipt) {
      said = receipt.ok() ? Code::internal : receipt.error().code;
      said.notify_all();
    });
    said.wait(Code::internal);
    clock.wait_for_rounds(5);
  }
  EXPECT_EQ(said, Code::io);
  const auto lines = log.lines();
  EXPECT_EQ(std::ranges::count_if(lines, [](const auto& line) { return line.contains("journal_upkeep"); }),
            1);
  EXPECT_EQ(std::ranges::count_if(lines, [](const auto& line) { return line.contains("journal_failed"); }),
            1);
}

}  // namespace
}  // namespace postrider::app

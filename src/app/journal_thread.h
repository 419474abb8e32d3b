// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "io/thread_clock.h"
#include "journal/committer.h"
#include "journal/journal.h"

namespace postrider::app {

// The thread that makes batches durable and keeps the journal in order in between. A lone group goes at once;
// while groups keep coming, batches are paced so that each carries many (one fsync costs as much as ten
// thousand records).
class JournalThread {
 public:
  struct Options {
    Duration pace = std::chrono::microseconds(1500);
    Duration upkeep = std::chrono::milliseconds(10);  // while there is work; ten times rarer without
    std::chrono::days keep_events{30};
  };
  JournalThread(journal::Journal& journal, journal::Committer& committer, const Clock& clock, Log& log,
                Options options);
  ~JournalThread();  // commits what is waiting, then joins
  JournalThread(const JournalThread&) = delete;
  JournalThread& operator=(const JournalThread&) = delete;

  Duration cpu_time() const { return cpu_.read(); }

 private:
  void run();
  void maintain();

  journal::Journal& journal_;
  journal::Committer& committer_;
  const Clock& clock_;
  Log& log_;
  Options options_;
  bool upkeep_fails_ = false;  // which is said once, until a step succeeds again
  std::atomic<bool> stopping_ = false;
  io::ThreadClock cpu_;
  std::thread thread_;
};

}  // namespace postrider::app

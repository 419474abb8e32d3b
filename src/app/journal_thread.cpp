// SPDX-License-Identifier: Apache-2.0
#include "app/journal_thread.h"

#include <utility>

#include "base/crash_point.h"

namespace postrider::app {
namespace {

constexpr int upkeep_steps = 16;

}  // namespace

JournalThread::JournalThread(journal::Journal& journal, journal::Committer& committer, const Clock& clock,
                             Log& log, Options options)
    : journal_(journal), committer_(committer), clock_(clock), log_(log), options_(options), thread_([this] {
        run();
      }) {}

JournalThread::~JournalThread() {
  stopping_ = true;
  committer_.wake();
  thread_.join();
}

void JournalThread::maintain() {
  const auto now = clock_.wall();
  // Steps are bounded, and so is their number: what does not fit now goes on after the next batch, so that
  // acknowledgements never wait long. One step is never enough, since carrying events has something to do
  // under load always, and hints and recycling come after it.
  for (int step = 0; step < upkeep_steps; ++step) {
    const auto more = journal_.maintain(now, now - options_.keep_events);
    if (!std::exchange(upkeep_fails_, !more.ok()) && !more.ok())
      log_.warning("journal_upkeep", {{"why", more.error().detail}});
    if (!more.ok() || !*more) return;
  }
}

void JournalThread::run() {
  cpu_.start("journal");
  auto last_batch = Instant::min();
  auto last_upkeep = clock_.monotonic();
  bool touched = false;  // something was committed since the last upkeep
  while (true) {
    committer_.wait(touched ? options_.upkeep : 10 * options_.upkeep);
    auto now = clock_.monotonic();
    if (committer_.waiting() > 0) {
      if (last_batch != Instant::min() && now < last_batch + options_.pace && !stopping_)
        std::this_thread::sleep_for(last_batch + options_.pace - now);
      last_batch = clock_.monotonic();
      while (committer_.commit_once() == journal::Committer::Step::again)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      touched = true;
      now = clock_.monotonic();
    } else if (stopping_) {
      break;
    }
    if (now - last_upkeep >= (touched ? options_.upkeep : 10 * options_.upkeep)) {
      maintain();
      last_upkeep = now;
      touched = false;
    }
  }
  maintain();  // events of the last batches reach their log before the readers' last round
  cpu_.finish();
}

}  // namespace postrider::app

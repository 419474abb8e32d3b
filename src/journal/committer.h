// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "journal/journal.h"

namespace postrider::journal {

// Group commit. Anyone submits a group; one thread (or the simulated world) turns what has gathered into one
// batch, makes it durable, and only then tells the submitters. It also settles ambiguity: after a commit
// whose fate is unknown it asks the engine until it knows, and appends again only what is certainly absent.
class Committer {
 public:
  // Called once with the receipt or the reason: on the committing thread, or by submit() itself once stopped.
  // Must be quick and must not submit and wait.
  using Done = std::move_only_function<void(Result<Receipt>)>;

  struct Options {
    std::size_t batch_bytes = 1 << 20;  // a batch is closed at this size
    std::size_t batch_groups = 4096;
  };

  Committer(Journal& journal, Options options, Log& log) : journal_(journal), options_(options), log_(log) {}

  void submit(Group group, Done done);  // any thread

  // One step: commits one batch of what is waiting, or asks again about an ambiguous one. Returns whether
  // there was anything to do. `again` in the result means: nothing could be learnt, call later.
  enum class Step { idle, worked, again };
  Step commit_once();

  // Waits until something is waiting, at most `most`. For the journal thread's loop.
  void wait(Duration most);
  void wake();

  std::size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }
  // A sync failed or the epoch is over: every submission is refused from now on.
  bool stopped() const { return stopped_.load(std::memory_order_acquire); }

 private:
  struct Pending {
    Group group;
    Done done;
  };
  void collect();
  void finish(std::vector<Receipt> receipts);
  void refuse(const Error& error);
  void keep_half();                        // of the batch; the rest waits again, in front
  bool refuse_intake(const Error& error);  // and keep the road's groups; whether there was any
  Step commit();
  Step settle_ambiguity();

  Journal& journal_;
  Options options_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Pending> queue_;
  bool woken_ = false;
  std::atomic<std::size_t> waiting_ = 0;
  std::atomic<bool> stopped_ = false;
  // Only the committing thread touches what follows.
  std::vector<Group> batch_;
  std::vector<Done> batch_done_;
  std::uint64_t number_ = 0;
  bool ambiguous_ = false;
  bool waits_ = false;  // the batch could not be stored just now: the same again
};

}  // namespace postrider::journal

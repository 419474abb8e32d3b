// SPDX-License-Identifier: Apache-2.0
#include "journal/committer.h"

#include <utility>

#include "base/crash_point.h"

namespace postrider::journal {

void Committer::submit(Group group, Done done) {
  {
    std::lock_guard lock(mutex_);
    if (!stopped()) {
      queue_.push_back({std::move(group), std::move(done)});
      waiting_.store(queue_.size(), std::memory_order_relaxed);
      arrived_.notify_one();
      return;
    }
  }
  done(Error{Code::unavailable, "the journal has stopped"});
}

void Committer::wait(Duration most) {
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, most, [&] { return !queue_.empty() || woken_; });
  woken_ = false;
}

void Committer::wake() {
  std::lock_guard lock(mutex_);
  woken_ = true;
  arrived_.notify_all();
}

void Committer::collect() {
  std::lock_guard lock(mutex_);
  std::size_t bytes = 0;
  while (!queue_.empty() && batch_.size() < options_.batch_groups) {
    const auto size = queue_.front().group.bytes();
    if (!batch_.empty() && bytes + size > options_.batch_bytes) break;
    bytes += size;
    batch_.push_back(std::move(queue_.front().group));
    batch_done_.push_back(std::move(queue_.front().done));
    queue_.pop_front();
  }
  waiting_.store(queue_.size(), std::memory_order_relaxed);
}

Committer::Step Committer::commit_once() {
  if (ambiguous_) return settle_ambiguity();
  if (!std::exchange(waits_, false)) collect();
  if (batch_.empty()) return Step::idle;
  ++number_;
  return commit();
}

Committer::Step Committer::commit() {
  auto receipts = journal_.commit(number_, batch_);
  if (receipts.ok()) {
    PR_CRASH_POINT("committer.durable");
    finish(std::move(receipts).value());
    return Step::worked;
  }
  if (receipts.error().code == Code::ambiguous) {
    log_.warning("commit_ambiguous", {{"batch", number_}, {"why", receipts.error().detail}});
    ambiguous_ = true;
    return Step::worked;
  }
  const auto why = receipts.error().code;
  if (why == Code::invalid && batch_.size() > 1) {
    keep_half();
    ++number_;
    return commit();
  }
  if (why != Code::exhausted && why != Code::unavailable) {
    refuse(receipts.error());
    return Step::worked;
  }
  // Nothing is stored. Intake is told so and must not take the road down with it: what settles, and so frees
  // room, goes on alone, and is offered again as long as the engine only asks for patience.
  const bool refused = refuse_intake(receipts.error());
  if (batch_.empty()) return Step::worked;
  if (why == Code::unavailable) {
    waits_ = true;
    return Step::again;
  }
  if (!refused) {
    refuse(receipts.error());
    return Step::worked;
  }
  ++number_;
  return commit();
}

// One group breaks a limit, or all together do, which nobody knows before (a move's bytes are the engine's):
// it is found by halves, and the others do not suffer for it.
void Committer::keep_half() {
  std::lock_guard lock(mutex_);
  for (const auto half = batch_.size() / 2; batch_.size() > half;) {
    queue_.push_front({std::move(batch_.back()), std::move(batch_done_.back())});
    batch_.pop_back();
    batch_done_.pop_back();
  }
  waiting_.store(queue_.size(), std::memory_order_relaxed);
}

bool Committer::refuse_intake(const Error& error) {
  std::vector<Group> road;
  std::vector<Done> road_done, refused;
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    if (batch_[i].purpose == Purpose::road) {
      road.push_back(std::move(batch_[i]));
      road_done.push_back(std::move(batch_done_[i]));
    } else {
      refused.push_back(std::move(batch_done_[i]));
    }
  }
  batch_ = std::move(road);
  batch_done_ = std::move(road_done);
  for (auto& done : refused) done(error);
  return !refused.empty();
}

Committer::Step Committer::settle_ambiguity() {
  if (PR_MUTANT(8)) {  // planted: an ambiguous commit is taken as failed
    ambiguous_ = false;
    refuse({Code::unavailable, "commit failed"});
    return Step::worked;
  }
  if (PR_MUTANT(9)) {  // planted: an ambiguous commit is taken as done
    ambiguous_ = false;
    finish(std::vector<Receipt>(batch_.size()));
    return Step::worked;
  }
  auto found = journal_.landed(number_);
  if (!found.ok()) {
    if (found.error().code != Code::fenced) return Step::again;
    ambiguous_ = false;
    refuse(found.error());
    return Step::worked;
  }
  ambiguous_ = false;
  if (*found) {
    finish(std::move(**found));
    return Step::worked;
  }
  ++number_;
  return commit();
}

void Committer::finish(std::vector<Receipt> receipts) {
  std::vector<Done> done;
  std::swap(done, batch_done_);
  batch_.clear();
  for (std::size_t i = 0; i < done.size(); ++i) done[i](std::move(receipts[i]));
}

void Committer::refuse(const Error& error) {
  if (error.code == Code::io || error.code == Code::fenced) {
    log_.alarm("journal_stopped", {{"why", error.detail}, {"code", name(error.code)}});
    std::deque<Pending> left;
    {
      std::lock_guard lock(mutex_);
      stopped_.store(true, std::memory_order_release);
      std::swap(left, queue_);
      waiting_.store(0, std::memory_order_relaxed);
    }
    for (auto& pending : left) batch_done_.push_back(std::move(pending.done));
  }
  std::vector<Done> done;
  std::swap(done, batch_done_);
  batch_.clear();
  for (auto& refused : done) refused(error);
}

}  // namespace postrider::journal

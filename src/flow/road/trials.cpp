// SPDX-License-Identifier: Apache-2.0
#include "flow/road/trials.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace postrider {
namespace {

constexpr auto alone_most = std::chrono::seconds(10);

}  // namespace

std::vector<Recipient*> Trials::expired(std::int64_t now_ms, std::int64_t max_age_ms) {
  std::vector<Recipient*> out;
  std::erase_if(waiting_, [&](Recipient* recipient) {
    const bool over = recipient->standing == Standing::waiting &&
                      recipient->message->expires_ms(recipient->n, max_age_ms) <= now_ms;
    if (over) out.push_back(recipient);
    return over;
  });
  return out;
}

std::optional<Assignment> Trials::next(Scheduler& scheduler, Time now) {
  if (trying_) return std::nullopt;
  for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
    auto assignment = scheduler.pick_alone(**at, millis(now));
    if (!assignment) continue;
    trying_ = *at;
    until_ = now + alone_most;
    waiting_.erase(at);
    return assignment;
  }
  return std::nullopt;
}

Result<void> Trials::home(const Report& report) {
  if (!trying_ || report.assignment.to.front().handle != trying_) return {};
  const RecipientId survived[] = {std::exchange(trying_, nullptr)->id()};
  if (report.stale || report.results.front().content == Reading::missing) return {};
  return suspects_->acquit(survived);
}

}  // namespace postrider

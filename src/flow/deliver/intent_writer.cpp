// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/intent_writer.h"

#include "base/crash_point.h"
#include "records/kind.h"

namespace postrider {

Intent::Intent(journal::Committer& committer, Executor& home, std::uint64_t node,
               const Assignment& assignment, Time now)
    : answer_(std::make_shared<OneShot<Result<journal::Receipt>>>()) {
  journal::Group group;
  group.entries.reserve(assignment.to.size());
  for (const auto& to : assignment.to) {
    journal::Entry entry;
    entry.label.kind = static_cast<std::uint8_t>(records::Kind::intent);
    entry.label.owner = assignment.message.bytes;
    entry.label.n = to.n;
    entry.label.attempt = to.attempt;
    entry.label.lane = node;
    entry.label.due_ms = millis(now);
    group.entries.push_back(std::move(entry));
  }
  committer.submit(std::move(group), [answer = answer_, &home](Result<journal::Receipt> receipt) mutable {
    PR_CRASH_POINT("deliver.intent_durable");
    home.post([answer = std::move(answer), receipt = std::move(receipt)]() mutable {
      answer->set(std::move(receipt));
    });
  });
}

Task<Result<journal::Sequence>> Intent::durable() {
  auto receipt = co_await *answer_;
  if (!receipt.ok()) co_return std::move(receipt).error();
  co_return receipt->first;
}

}  // namespace postrider

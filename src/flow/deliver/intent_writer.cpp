// SPDX-License-Identifier: Apache-2.0
#include "flow/deliver/intent_writer.h"

#include <utility>
#include <vector>

#include "base/crash_point.h"
#include "records/kind.h"

namespace postrider {

struct IntentWriter::Turn {
  struct Waiting {
    std::shared_ptr<Answer> answer;
    std::uint64_t first = 0;  // of its entries in the group
  };
  journal::Group group;
  std::vector<Waiting> waiting;

  void answer(const Result<journal::Receipt>& receipt) {
    for (const auto& one : waiting) {
      if (receipt.ok())
        one.answer->set(journal::Sequence{receipt->first.value + one.first});
      else
        one.answer->set(receipt.error());
    }
  }
};

std::shared_ptr<IntentWriter::Answer> IntentWriter::note(const Assignment& assignment, Time now) {
  if (!turn_) {
    turn_ = std::make_shared<Turn>();
    home_.post([this] { submit(); });
  }
  auto& entries = turn_->group.entries;
  auto answer = std::make_shared<Answer>();
  turn_->waiting.push_back({answer, entries.size()});
  for (const auto& to : assignment.to) {
    journal::Entry entry;
    entry.label.kind = static_cast<std::uint8_t>(records::Kind::intent);
    entry.label.owner = assignment.message.bytes;
    entry.label.n = to.n;
    entry.label.attempt = to.attempt;
    entry.label.lane = node_;
    entry.label.due_ms = millis(now);
    entries.push_back(std::move(entry));
  }
  return answer;
}

void IntentWriter::submit() {
  auto turn = std::exchange(turn_, nullptr);
  auto group = std::move(turn->group);
  committer_.submit(
      std::move(group), [turn = std::move(turn), &home = home_](Result<journal::Receipt> receipt) mutable {
        PR_CRASH_POINT("deliver.intent_durable");
        home.post([turn = std::move(turn), receipt = std::move(receipt)] { turn->answer(receipt); });
      });
}

}  // namespace postrider

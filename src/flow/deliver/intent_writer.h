// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>

#include "base/executor.h"
#include "base/result.h"
#include "base/task.h"
#include "flow/schedule/assignment.h"
#include "journal/committer.h"

namespace postrider {

// Notes in the journal that recipients are about to be given to a peer (design 2, the commit window). What is
// noted in one turn of the loop travels as one group, and comes back as one piece of work. Loop's thread.
class IntentWriter {
 public:
  using Answer = OneShot<Result<journal::Sequence>>;

  // `node` is who we are, for whoever recovers the stream.
  IntentWriter(journal::Committer& committer, Executor& home, std::uint64_t node)
      : committer_(committer), home_(home), node_(node) {}

  // Started together with MAIL, so that the commit overlaps the dialogue; it must be awaited before the final
  // dot. The answer is the sequence of the first recipient's intent; the others' follow it.
  std::shared_ptr<Answer> note(const Assignment& assignment, Time now);

 private:
  struct Turn;
  void submit();

  journal::Committer& committer_;
  Executor& home_;
  std::uint64_t node_;
  std::shared_ptr<Turn> turn_;
};

}  // namespace postrider

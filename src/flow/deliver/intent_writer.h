// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "base/executor.h"
#include "base/result.h"
#include "base/task.h"
#include "flow/schedule/assignment.h"
#include "journal/committer.h"

namespace postrider {

// Notes in the journal that these recipients are about to be given to a peer. Started together with MAIL, so
// that the commit overlaps the dialogue; it must have ended well before the final dot (design 2, the commit
// window).
class Intent {
 public:
  // `node` is who we are, for whoever recovers the stream. The answer arrives on `home`. The intent must be
  // awaited before it goes.
  Intent(journal::Committer& committer, Executor& home, std::uint64_t node, const Assignment& assignment,
         Time now);

  // The sequence of the first recipient's intent; the others' follow it.
  Task<Result<journal::Sequence>> durable();

 private:
  std::shared_ptr<OneShot<Result<journal::Receipt>>> answer_;
};

}  // namespace postrider

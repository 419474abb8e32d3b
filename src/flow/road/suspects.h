// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/log.h"
#include "base/result.h"
#include "flow/queue/queue.h"
#include "io/work_cells.h"
#include "model/ids.h"

namespace postrider {

// Over whom the process has died by a signal of its own, so that no message kills it for ever (design 2).
// Each such death counts against every recipient that a thread was working on. After one a recipient is
// *suspected*: it is tried alone, and survives that or not. After two it is held. A message with two
// recipients held is held as a whole: its common content is what kills, and each of its recipients would
// take two more deaths.
//
// The counts stand in a small file of text, written anew with every change (they are rare) and durable before
// anybody is tried. The road thread.
class Suspects {
 public:
  explicit Suspects(Disk& disk, std::string path = "suspects") : disk_(disk), path_(std::move(path)) {}

  // What earlier processes wrote; a file that is not there says nothing. corrupt = it cannot be understood.
  Result<void> load();

  // The process called `life` (not 0) died working on these. Counted once for each life, by judge().
  void died(std::uint64_t life, std::vector<io::Work> works);
  // Finds them in the queue, forgets who has left it, and writes it down. On failure the counts hold for this
  // process only.
  Result<void> judge(const Queue& queue);

  enum class Verdict { free, suspected, held };
  Verdict of(const RecipientId& id) const;
  // It was tried and we are still here, or an operator says so.
  Result<void> acquit(std::span<const RecipientId> ids);

 private:
  Result<void> save() const;
  void convict();

  Disk& disk_;
  std::string path_;
  std::uint64_t counted_ = 0;               // the last life whose death is in here
  std::map<RecipientId, unsigned> deaths_;  // 0 = acquitted, whatever its message did
  std::set<MessageId> convicted_;           // held as a whole
  std::uint64_t life_ = 0;
  std::vector<io::Work> works_;
};

}  // namespace postrider

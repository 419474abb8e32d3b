// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "journal/local/engine.h"

namespace postrider::journal::local {

// A batch on its way: what the groups of a commit come to, first on paper, then in the engine's tables once
// it is durable. Belongs to the journal thread; reused from commit to commit.
class Draft {
 public:
  // Writes the groups down. Nothing of the engine changes. invalid = a group cannot be stored;
  // unavailable = a record to move cannot be read now.
  Result<void> write(const Engine& engine, std::span<const Group> groups);

  const BatchBuilder& content() const { return content_; }
  const std::vector<Receipt>& receipts() const { return receipts_; }
  const std::vector<std::uint64_t>& releases() const { return released_; }

  // The content is durable in the open use of the spool: now it is true.
  void publish(Engine& engine, std::span<const Group> groups);

 private:
  Result<void> write(const Engine& engine, const Group& group);
  std::optional<Claim> taken(const Engine& engine, std::span<const Group> earlier, const Group& group) const;
  Result<void> entry(const Engine& engine, const Entry& entry);
  void move(const Move& move, const Spool::Raw& raw);

  BatchBuilder content_;
  std::vector<Receipt> receipts_;
  std::vector<std::uint64_t> released_;  // of live records, in order
  std::vector<std::uint64_t> gone_;      // places that no record ever lived at
  std::vector<std::pair<Sequence, Blob>> held_;
  std::vector<std::uint64_t> of_group_;
};

}  // namespace postrider::journal::local

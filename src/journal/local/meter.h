// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "base/disk.h"
#include "journal/local/file_io.h"

namespace postrider::journal::local {

// Counts what the batches of both logs cost. Any thread reads.
class Meter {
 public:
  explicit Meter(const Clock& clock) : clock_(clock) {}

  Result<void> sync(File& file) {
    const auto started = clock_.monotonic();
    auto synced = local::sync(file);
    ++syncs;
    sync_ns += static_cast<std::uint64_t>((clock_.monotonic() - started).count());
    return synced;
  }

  std::atomic<std::uint64_t> bytes = 0, syncs = 0, sync_ns = 0;

 private:
  const Clock& clock_;
};

}  // namespace postrider::journal::local

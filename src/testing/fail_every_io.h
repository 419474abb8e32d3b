// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <cstdint>

#include "testing/faulty_disk.h"

namespace postrider::testing {

// Fails the first disk operation of an attempt, then the second of a fresh attempt, and so on until one
// attempt ends without meeting its fault. `attempt(disk)` gets a new disk each time, does the whole thing and
// checks what must hold in spite of a failure. Returns how many operations there were to fail.
//
//   fail_every_io(on({DiskOperation::sync}), Code::io, [](FaultyDisk& disk) { … });
template <class Attempt>
std::uint64_t fail_every_io(DiskOperations operations, Code code, Attempt attempt) {
  for (std::uint64_t n = 0;; ++n) {
    SCOPED_TRACE(::testing::Message() << "failing operation " << n);
    FaultyDisk disk(n);
    disk.fail({.operations = operations, .after = n, .times = 1, .code = code});
    attempt(disk);
    if (disk.failed() == 0 || ::testing::Test::HasFatalFailure()) return n;
  }
}

}  // namespace postrider::testing

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/disk.h"
#include "base/random.h"

namespace postrider::testing {

// Gives SQLite a Disk for its file system, so that a store in the simulated world loses in a crash what the
// disk loses and nothing else. Its randomness and its time are the world's: one seed, one run.
//
//   DiskVfs vfs(disk, clock, random);
//   auto store = open_sqlite({.path = "store.db", .vfs = vfs.name(), .readers = 0});
//
// One process, one connection per file: locks always succeed and nothing is mapped, so a database opened
// through it needs SqliteOptions::readers = 0 (exclusive locking keeps the index of the WAL on the heap). A
// store must be gone before its DiskVfs; a dead File under it only makes its calls fail. One thread.
class DiskVfs {
 public:
  // Also restarts SQLite's own generator, which is one per process, from `random`.
  DiskVfs(Disk& disk, const Clock& clock, Random& random);
  ~DiskVfs();
  DiskVfs(const DiskVfs&) = delete;

  const std::string& name() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postrider::testing

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "app/config.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "crypto/sealed_box.h"
#include "io/posix_disk.h"
#include "journal/local/local_journal.h"

namespace postrider::app {

// The journal that journal.url names, with the disk it stands on.
class JournalDirectory {
 public:
  static Result<std::unique_ptr<JournalDirectory>> open(const Config& config, const RootKey& root,
                                                        const Clock& clock, Random& random, Log& log);
  journal::local::LocalJournal& journal() { return *journal_; }
  Disk& disk() { return *disk_; }
  const RootKey& key() const { return key_; }

 private:
  JournalDirectory() = default;
  std::unique_ptr<io::PosixDisk> disk_;
  RootKey key_{};
  std::unique_ptr<journal::local::LocalJournal> journal_;
};

}  // namespace postrider::app

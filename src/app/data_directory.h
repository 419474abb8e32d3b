// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "app/config.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "crypto/sealed_box.h"
#include "io/posix_disk.h"
#include "services/capture/captures.h"
#include "services/domains/domains.h"
#include "store/store.h"

namespace postrider::app {

// A data directory taken into use by this process: locked, its root key read, its stores open and up to date.
// What `serve` and every command without a server start from. Members close bottom to top.
//
//   DIR/postrider.toml   settings            DIR/keys/root     32 bytes, mode 0400: everything sealed hangs
//   on it DIR/store/           accounts, domains … DIR/store/capture.db  captured mail DIR/journal/ mail in
//   flight      DIR/control.sock  where a running server takes commands
class DataDirectory {
 public:
  // not_found = there is none: `init` makes one. unavailable = another process has it.
  static Result<std::unique_ptr<DataDirectory>> open(const Config& config, const Clock& clock,
                                                     Random& random);
  // Makes DIR with a root key and a settings file; exists = there is one already.
  static Result<void> create(const std::string& path, Random& random);

  std::unique_ptr<io::PosixDisk> disk;
  std::optional<io::FileLock> lock;
  RootKey root{};
  std::unique_ptr<SealedBox> box;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<store::Store> capture_store;
  std::unique_ptr<domains::Domains> domains;
  std::unique_ptr<capture::Captures> captures;

 private:
  DataDirectory() = default;
};

}  // namespace postrider::app

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "base/disk.h"
#include "io/unique_fd.h"

namespace postrider::io {

// Held until destroyed, or until the process ends however it ends.
class FileLock {
 public:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}

 private:
  UniqueFd fd_;
};

// The real file system below one directory. Files are made 0600, directories 0700. A full disk or quota is
// `exhausted`, a missing name `not_found`, a name in the way `exists`, everything else `io` in words.
class PosixDisk final : public Disk {
 public:
  // Makes the directory if it is missing (not its parents).
  static Result<std::unique_ptr<PosixDisk>> open_root(std::string root);

  Result<std::unique_ptr<File>> open(std::string_view path, Open how) override;
  Result<void> rename(std::string_view from, std::string_view to) override;
  Result<void> remove(std::string_view path) override;
  Result<void> make_directory(std::string_view path) override;
  Result<std::vector<std::string>> list(std::string_view path) override;
  Result<void> sync_directory(std::string_view path) override;
  Result<Space> space() override;

  // So that two servers never open one data directory: `unavailable` while another holder lives. The file
  // itself stays; only the lock on it counts.
  Result<FileLock> lock(std::string_view path);

 private:
  PosixDisk(std::string root, UniqueFd fd) : root_(std::move(root)), fd_(std::move(fd)) {}
  std::string words(std::string_view doing, std::string_view path) const;

  std::string root_;
  UniqueFd fd_;
};

}  // namespace postrider::io

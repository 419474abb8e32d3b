// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/disk.h"
#include "base/random.h"
#include "journal/local/blob_ref.h"
#include "journal/local/sealer.h"

namespace postrider::journal::local {

// Bodies in files of their own below `blobs`, each sealed under its own key, which stands only in the record
// that names it. A file goes once no live record names it and the release of the last is durable. Any thread.
class BlobStore {
 public:
  BlobStore(Disk& disk, Random& random, NonceSource& nonces)
      : disk_(disk), random_(random), nonces_(nonces) {}

  // Durable on return, name and all.
  Result<Blob> stage(std::string_view bytes);
  // Gives up a body that is staged and named by no record.
  void unstage(const Blob& blob);
  // What a record must say to have the staged body; nullopt when it was not staged here.
  std::optional<BlobRef> staged(const Blob& blob) const;
  Result<std::string> read(const BlobRef& reference) const { return read(disk_, reference); }
  static Result<std::string> read(Disk& disk, const BlobRef& reference);

  // A durable record names the blob, or does no longer.
  void hold(Sequence sequence, const Blob& blob);
  void release(Sequence sequence);

  // Removes one file that nobody names any more; whether there are more.
  bool remove_one();
  // After recovery has told who holds what: removes every other file.
  Result<void> remove_orphans();

  std::uint64_t bytes() const;

 private:
  struct Held {
    std::uint64_t size = 0;
    std::uint32_t records = 0;
  };
  Disk& disk_;
  Random& random_;
  NonceSource& nonces_;
  mutable std::mutex mutex_;
  std::map<BlobName, BlobRef> staged_;  // waiting for their record
  std::map<BlobName, Held> held_;
  std::unordered_map<std::uint64_t, BlobName> by_sequence_;
  std::vector<BlobName> dead_;
  std::uint64_t bytes_ = 0;
};

}  // namespace postrider::journal::local

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "journal/local/frame.h"
#include "journal/local/use.h"

namespace postrider::journal::local {

// The records of one frame, decrypted and taken apart. Immutable: any thread.
class OpenFrame {
 public:
  OpenFrame(std::string plain, std::uint64_t first_sequence);
  OpenFrame(const OpenFrame&) = delete;
  OpenFrame& operator=(const OpenFrame&) = delete;

  // Null when the frame does not say it. Views live as long as the frame.
  const FrameItem* record(std::uint64_t sequence) const;
  std::size_t size() const { return plain_.size(); }

 private:
  const std::string plain_;
  const std::uint64_t first_;
  std::vector<FrameItem> records_;
};

using OpenFramePtr = std::shared_ptr<const OpenFrame>;

// The frames opened last. Recipients of one request stand side by side in the spool and are read one by one,
// at the pace at which their destinations take mail: without this each would pay for all its neighbours. Any
// thread.
class FrameCache {
 public:
  static constexpr std::size_t most = 32;              // frames
  static constexpr std::size_t size_most = 64 * 1024;  // of a frame that is kept

  // `first` is the frame's first sequence.
  Result<OpenFramePtr> open(const Use& use, const FramePlace& place, std::uint64_t first);
  void forget(const Use& use);  // what it held is to be destroyed

 private:
  struct Key {
    std::uint64_t serial = 0;  // of the use
    std::uint32_t offset = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  OpenFramePtr find(const Key& key);
  void keep(const Key& key, OpenFramePtr frame);

  std::mutex mutex_;
  std::list<std::pair<Key, OpenFramePtr>> frames_;  // used last in front
};

}  // namespace postrider::journal::local

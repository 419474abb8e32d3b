// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "base/disk.h"
#include "journal/local/format.h"
#include "journal/local/sealer.h"

namespace postrider::journal::local {

// What a use of a segment is known by, and the key its bytes are sealed with.
struct UseKey {
  SegmentNumber number = 0;
  LogKind log = LogKind::spool;
  std::uint64_t serial = 0;  // uses are numbered in the order they were made, over both logs
  Incarnation incarnation{};
  Key key{};
};

// The file `keys`: for each segment number the wrapped key of its present use, twice, in different pages, so
// that one bad page loses none. Zeroing both and syncing is the deletion of everything that use ever wrote.
// Belongs to the journal thread.
class KeySlots {
 public:
  enum class State { empty, used, damaged };
  struct Slot {
    State state = State::empty;
    UseKey use;           // when used
    bool single = false;  // only one copy says so: mend() it
  };

  static Result<KeySlots> open(Disk& disk, const Key& wrapping, Open how);
  // Makes durable what an earlier process wrote, and reads the device from now on.
  Result<void> settle();
  // Of every number the file has room for, by number.
  Result<std::vector<Slot>> load() const;
  Result<void> write(const UseKey& use, NonceSource& nonces);
  // Makes both copies of it good, by writing whole pages: one that cannot be read cannot be written in part.
  Result<void> mend(SegmentNumber number);
  Result<void> erase(SegmentNumber number);

 private:
  KeySlots(std::unique_ptr<File> file, const Key& wrapping)
      : file_(std::move(file)), sealer_(std::make_unique<Sealer>(wrapping)) {}
  Slot decode(SegmentNumber number, std::string_view copy) const;
  struct Copies {
    Slot first, second;
    const Slot& best() const;
  };
  Copies decode(SegmentNumber number, std::string_view first, std::string_view second) const;

  std::unique_ptr<File> file_;
  std::unique_ptr<Sealer> sealer_;
};

}  // namespace postrider::journal::local

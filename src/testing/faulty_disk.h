// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "testing/sectors.h"
#include "testing/seeded_random.h"

namespace postrider::testing {

enum class DiskOperation : std::uint8_t {
  open,
  read,
  write,
  sync,
  truncate,
  allocate,
  rename,
  remove,
  make_directory,
  list,
  sync_directory,
  drop_cache,
  space,
};
inline constexpr std::size_t disk_operations = 13;

// A set of operations: on({DiskOperation::write, DiskOperation::sync}).
using DiskOperations = std::uint32_t;
constexpr DiskOperations on(std::initializer_list<DiskOperation> operations) {
  DiskOperations set = 0;
  for (auto operation : operations) set |= 1u << static_cast<unsigned>(operation);
  return set;
}
inline constexpr DiskOperations every_operation = (1u << disk_operations) - 1;

// An order to fail: the `after`-th matching operation from now (0 = the next) fails with `code`, and so do
// the `times` - 1 matching ones that follow it. A write that fails has stored a part of its bytes; a sync
// that fails has lost the file's unsynced sectors and the next sync says ok (assurance 4.1, PostgreSQL).
struct DiskFault {
  DiskOperations operations = every_operation;
  std::string prefix = {};  // of the path
  std::uint64_t after = 0;
  std::uint64_t times = 1;
  Code code = Code::io;
};

// A disk in memory that loses what a real one may lose. Data is durable after File::sync, names after
// sync_directory; a power cut decides by seed about everything else, sector by sector and name by name. A
// rename inside one directory is atomic; across two it is two changes. Faults, capacity and bit rot on
// request. Everything is in one thread. The disk outlives its files.
class FaultyDisk final : public Disk {
 public:
  explicit FaultyDisk(std::uint64_t seed = 0, std::uint64_t capacity = 1ull << 40);

  Result<std::unique_ptr<File>> open(std::string_view path, Open how) override;
  Result<void> rename(std::string_view from, std::string_view to) override;
  Result<void> remove(std::string_view path) override;
  Result<void> make_directory(std::string_view path) override;
  Result<std::vector<std::string>> list(std::string_view path) override;
  Result<void> sync_directory(std::string_view path) override;
  Result<Space> space() override;

  // Power cut: every open file is dead (`closed`), the cache is gone, the disk can be used again at once.
  void crash(Unsynced fate = Unsynced::random);
  // Death of the process: every open file is dead, the cache lives on.
  void kill();
  // While down every operation answers `closed`: from a crash inside the hook until the world starts the next
  // process.
  void set_down(bool down) { down_ = down; }

  void fail(DiskFault fault) { faults_.push_back(std::move(fault)); }
  void heal() { faults_.clear(); }
  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }
  // Flips `bits` bits on the media of durable written bytes below the prefix; seen after drop_cache or a
  // restart of the machine. Returns how many it could flip (0 when nothing is there to rot).
  std::size_t rot(std::string_view prefix, std::size_t bits);
  // Flips the lowest bit of one byte.
  void rot_at(std::string_view path, std::uint64_t offset);
  void drop_caches();  // of all files, so that rot shows
  // The page there cannot be read any more, and so not be written in part: `io` each time, until it is
  // written as a whole.
  void spoil(std::string_view path, std::uint64_t offset);

  // Called before each operation; it may crash, kill or set down this disk, and then the operation answers
  // `closed`.
  using Hook = std::function<void(DiskOperation, std::string_view path)>;
  void on_operation(Hook hook) { hook_ = std::move(hook); }

  std::uint64_t count(DiskOperation operation) const { return counts_[static_cast<std::size_t>(operation)]; }
  std::uint64_t count() const;                                         // of all operations
  std::uint64_t failed() const { return failed_; }                     // operations that a DiskFault hit
  std::vector<std::string> files(std::string_view prefix = {}) const;  // full paths as the process sees them

 private:
  struct Inode {
    bool directory = false;
    bool named = true;                // counts against the capacity
    std::set<std::uint64_t> spoiled;  // pages
    Sectors data;
  };
  using InodePtr = std::shared_ptr<Inode>;
  using Names = std::map<std::string, InodePtr, std::less<>>;
  // A change of names that only sync_directory makes durable.
  struct NameChange {
    std::string directory;
    std::string erased;  // either may be empty
    std::string set;
    InodePtr inode;
  };
  class OpenFile;

  Result<void> begin(DiskOperation operation, std::string_view path);
  Result<void> make_room(Inode& inode, std::uint64_t size);
  void resize(Inode& inode, std::uint64_t size);
  void change(NameChange change);
  static void apply(Names& names, const NameChange& change);
  bool is_directory(std::string_view path) const;
  void unname(const InodePtr& inode);

  SeededRandom random_;
  std::uint64_t capacity_;
  std::uint64_t used_ = 0;
  std::uint64_t life_ = 0;  // files opened in an earlier life are dead
  bool down_ = false;
  Names names_;
  Names durable_names_;
  std::vector<NameChange> changes_;  // in order
  std::vector<DiskFault> faults_;
  Hook hook_;
  std::array<std::uint64_t, disk_operations> counts_{};
  std::uint64_t failed_ = 0;
};

}  // namespace postrider::testing

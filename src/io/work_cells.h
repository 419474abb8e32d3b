// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

namespace postrider::io {

// What a thread is working on: recipients `first` to `last` of a message.
struct Work {
  std::array<std::uint8_t, 16> message{};
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  friend bool operator==(const Work&, const Work&) = default;
};

// A row of cells in memory, one for each thread that touches content: it says there what it is working on, so
// that whoever finds this memory after the process can tell which message it died of. Shared with a file
// (io/crash_file.h) in production, plain memory in tests and in the simulated world. Any thread.
class WorkCells {
 public:
  // One thread writes it, with a few plain stores and no system call; it is read when that thread is gone.
  struct alignas(64) Cell {
    std::atomic<std::uint32_t> busy;
    std::atomic<std::uint32_t> first, last;
    std::array<std::atomic<std::uint64_t>, 2> message;
  };

  // The cells, all zero or an earlier process's, outlive this.
  explicit WorkCells(std::span<Cell> cells);
  WorkCells(const WorkCells&) = delete;
  WorkCells& operator=(const WorkCells&) = delete;

  std::vector<Work> busy() const;  // what is in them
  void clear();

 private:
  friend class WorkingOn;
  Cell& mine();  // this thread's, claimed when it first asks

  std::span<Cell> cells_;
  const std::uint64_t number_;  // of this object in this process: a thread remembers whose cell it has
  std::atomic<std::size_t> claimed_ = 0;
};

// As long as it lives, its thread is working on this. They nest; none may live across a suspension.
class WorkingOn {
 public:
  WorkingOn(WorkCells& cells, const Work& work);
  ~WorkingOn();
  WorkingOn(const WorkingOn&) = delete;
  WorkingOn& operator=(const WorkingOn&) = delete;

 private:
  WorkCells::Cell& cell_;
  const bool nested_;
  const Work outer_;
};

}  // namespace postrider::io

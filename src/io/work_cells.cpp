// SPDX-License-Identifier: Apache-2.0
#include "io/work_cells.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "io/alternate_stack.h"

namespace postrider::io {
namespace {

std::atomic<std::uint64_t> made = 0;

using Cell = WorkCells::Cell;
using Halves = std::array<std::uint64_t, 2>;

// The process may end between any two of these stores, and not busy is what a cell says while they go on:
// each is a release, so that they become visible in this order.
void write(Cell& cell, const Work& work) {
  const auto halves = std::bit_cast<Halves>(work.message);
  cell.busy.store(0, std::memory_order_release);
  cell.message[0].store(halves[0], std::memory_order_release);
  cell.message[1].store(halves[1], std::memory_order_release);
  cell.first.store(work.first, std::memory_order_release);
  cell.last.store(work.last, std::memory_order_release);
  cell.busy.store(1, std::memory_order_release);
}

Work read(const Cell& cell) {
  Work work;
  work.message = std::bit_cast<decltype(work.message)>(Halves{
      cell.message[0].load(std::memory_order_relaxed), cell.message[1].load(std::memory_order_relaxed)});
  work.first = cell.first.load(std::memory_order_relaxed);
  work.last = cell.last.load(std::memory_order_relaxed);
  return work;
}

}  // namespace

WorkCells::WorkCells(std::span<Cell> cells) : cells_(cells), number_(++made) {
  assert(!cells.empty());
}

WorkCells::Cell& WorkCells::mine() {
  struct Claim {
    std::uint64_t number = 0;
    Cell* cell = nullptr;
  };
  thread_local Claim claim;
  if (claim.number != number_) {
    // More threads than cells: the last one is shared, and names whoever wrote it last.
    const auto at = std::min(claimed_.fetch_add(1, std::memory_order_relaxed), cells_.size() - 1);
    claim = {number_, &cells_[at]};
    use_alternate_stack();
  }
  return *claim.cell;
}

std::vector<Work> WorkCells::busy() const {
  std::vector<Work> out;
  for (const auto& cell : cells_)
    if (cell.busy.load(std::memory_order_acquire) != 0) out.push_back(read(cell));
  return out;
}

void WorkCells::clear() {
  for (auto& cell : cells_) cell.busy.store(0, std::memory_order_release);
}

WorkingOn::WorkingOn(WorkCells& cells, const Work& work)
    : cell_(cells.mine()),
      nested_(cell_.busy.load(std::memory_order_relaxed) != 0),
      outer_(nested_ ? read(cell_) : Work{}) {
  write(cell_, work);
}

WorkingOn::~WorkingOn() {
  if (nested_)
    write(cell_, outer_);
  else
    cell_.busy.store(0, std::memory_order_release);
}

}  // namespace postrider::io

// SPDX-License-Identifier: Apache-2.0
#include "io/work_cells.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <barrier>
#include <thread>
#include <vector>

namespace postrider::io {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Work work(std::uint8_t message, std::uint32_t first, std::uint32_t last) {
  Work out;
  out.message.fill(message);
  out.first = first;
  out.last = last;
  return out;
}

TEST(WorkCells, SayWhatIsBeingWorkedOnAsLongAsItIs) {
  std::array<WorkCells::Cell, 4> memory{};
  WorkCells cells(memory);
  EXPECT_THAT(cells.busy(), IsEmpty());
  {
    const WorkingOn outer(cells, work(1, 2, 3));
    EXPECT_THAT(cells.busy(), ElementsAre(work(1, 2, 3)));
    {
      const WorkingOn inner(cells, work(4, 5, 6));
      EXPECT_THAT(cells.busy(), ElementsAre(work(4, 5, 6)));
    }
    EXPECT_THAT(cells.busy(), ElementsAre(work(1, 2, 3)));
  }
  EXPECT_THAT(cells.busy(), IsEmpty());
}

TEST(WorkCells, EachThreadHasItsOwnAndTooManyShareTheLast) {
  std::array<WorkCells::Cell, 2> memory{};
  WorkCells cells(memory);
  std::barrier together(4);
  std::vector<std::jthread> threads;
  for (std::uint8_t i = 0; i < 3; ++i)
    threads.emplace_back([&, i] {
      const WorkingOn working(cells, work(i, i, i));
      together.arrive_and_wait();
      together.arrive_and_wait();
    });
  together.arrive_and_wait();
  EXPECT_EQ(cells.busy().size(), 2u);
  together.arrive_and_wait();
}

TEST(WorkCells, AThreadChangesFromOneRowToAnother) {
  std::array<WorkCells::Cell, 2> first_memory{}, second_memory{};
  WorkCells first(first_memory), second(second_memory);
  const WorkingOn here(first, work(1, 0, 0));
  const WorkingOn there(second, work(2, 0, 0));
  EXPECT_THAT(first.busy(), ElementsAre(work(1, 0, 0)));
  EXPECT_THAT(second.busy(), ElementsAre(work(2, 0, 0)));
}

TEST(WorkCells, ClearForgetsWhatAnEarlierProcessLeft) {
  std::array<WorkCells::Cell, 2> memory{};
  memory[1].first = 7;
  memory[1].busy = 1;
  WorkCells cells(memory);
  EXPECT_THAT(cells.busy(), ElementsAre(work(0, 7, 0)));
  cells.clear();
  EXPECT_THAT(cells.busy(), IsEmpty());
}

}  // namespace
}  // namespace postrider::io

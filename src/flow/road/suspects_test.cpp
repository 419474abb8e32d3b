// SPDX-License-Identifier: Apache-2.0
#include "flow/road/suspects.h"

#include <gtest/gtest.h>

#include "testing/faulty_disk.h"

namespace postrider {
namespace {

using testing::DiskOperation;
using testing::FaultyDisk;
using Verdict = Suspects::Verdict;

constexpr std::uint32_t recipients = 6;

RecipientId id(std::uint8_t message, std::uint32_t n) {
  RecipientId out;
  out.message.bytes.fill(message);
  out.n = n;
  return out;
}

io::Work work(std::uint8_t message, std::uint32_t first, std::uint32_t last) {
  return {id(message, 0).message.bytes, first, last};
}

class SuspectsTest : public ::testing::Test {
 protected:
  SuspectsTest() {
    for (const std::uint8_t message : {std::uint8_t{1}, std::uint8_t{2}}) {
      Admission admission;
      admission.id = id(message, 0).message;
      admission.accepted = {std::uint64_t{message} * 100};
      for (std::uint32_t n = 0; n < recipients; ++n)
        admission.to.push_back({{message * 100u + 1 + n}, n, 0, 7});
      queue_.admit(admission, [](Recipient&) {});
    }
  }

  // A process that starts after one that died working on these.
  Suspects after(std::uint64_t life, std::vector<io::Work> works) {
    Suspects suspects(disk_);
    EXPECT_TRUE(suspects.load().ok());
    suspects.died(life, std::move(works));
    EXPECT_TRUE(suspects.judge(queue_).ok());
    return suspects;
  }

  FaultyDisk disk_{1};
  Queue queue_;
};

TEST_F(SuspectsTest, NobodyIsSuspectedWithoutADeath) {
  Suspects suspects(disk_);
  EXPECT_TRUE(suspects.load().ok());
  EXPECT_TRUE(suspects.judge(queue_).ok());
  EXPECT_EQ(suspects.of(id(1, 0)), Verdict::free);
  EXPECT_EQ(disk_.open("suspects", Open::existing).error().code, Code::not_found) << "nothing to write down";
}

TEST_F(SuspectsTest, TheFirstDeathSuspectsTheSecondHolds) {
  const auto once = after(11, {work(1, 2, 3)});
  EXPECT_EQ(once.of(id(1, 1)), Verdict::free);
  EXPECT_EQ(once.of(id(1, 2)), Verdict::suspected);
  EXPECT_EQ(once.of(id(1, 3)), Verdict::suspected);
  EXPECT_EQ(once.of(id(2, 2)), Verdict::free);
  const auto twice = after(12, {work(1, 2, 2)});
  EXPECT_EQ(twice.of(id(1, 2)), Verdict::held);
  EXPECT_EQ(twice.of(id(1, 3)), Verdict::suspected);
}

TEST_F(SuspectsTest, CountsSurviveAPowerCut) {
  after(11, {work(1, 2, 2)});
  disk_.crash();
  const auto twice = after(12, {work(1, 2, 2)});
  EXPECT_EQ(twice.of(id(1, 2)), Verdict::held);
}

TEST_F(SuspectsTest, ADeathCountsOnceHoweverOftenItIsTold) {
  after(11, {work(1, 2, 2)});
  EXPECT_EQ(after(11, {work(1, 2, 2)}).of(id(1, 2)), Verdict::suspected);
}

TEST_F(SuspectsTest, WhoSurvivesATrialIsSuspectedNoMore) {
  auto once = after(11, {work(1, 2, 3)});
  const RecipientId survived[] = {id(1, 2)};
  ASSERT_TRUE(once.acquit(survived).ok());
  EXPECT_EQ(once.of(id(1, 2)), Verdict::free);
  const auto again = after(12, {work(1, 2, 2)});
  EXPECT_EQ(again.of(id(1, 2)), Verdict::suspected);
  EXPECT_EQ(again.of(id(1, 3)), Verdict::suspected);
}

TEST_F(SuspectsTest, TwoHeldRecipientsHoldTheirMessageButForWhomTheOperatorReleased) {
  after(11, {work(1, 0, 0)});
  after(12, {work(1, 0, 0)});
  after(13, {work(1, 4, 4)});
  auto convicted = after(14, {work(1, 4, 4)});
  EXPECT_EQ(convicted.of(id(1, 5)), Verdict::held);
  EXPECT_EQ(convicted.of(id(2, 0)), Verdict::free);
  const RecipientId released[] = {id(1, 5)};
  ASSERT_TRUE(convicted.acquit(released).ok());
  EXPECT_EQ(convicted.of(id(1, 5)), Verdict::free);
  EXPECT_EQ(convicted.of(id(1, 3)), Verdict::held);
  Suspects restarted(disk_);
  ASSERT_TRUE(restarted.load().ok());
  EXPECT_EQ(restarted.of(id(1, 5)), Verdict::free);
  EXPECT_EQ(restarted.of(id(1, 3)), Verdict::held);
}

TEST_F(SuspectsTest, WhoHasLeftTheQueueIsForgotten) {
  after(11, {work(1, 2, 2)});
  auto* recipient = queue_.find(id(1, 2));
  std::vector<journal::Sequence> released;
  queue_.release_for(*recipient, released);
  queue_.gone(*recipient, released);
  EXPECT_EQ(after(12, {work(1, 2, 2)}).of(id(1, 2)), Verdict::free);
}

TEST_F(SuspectsTest, WhatCannotBeWrittenDownIsSaidAndCountsInThisProcess) {
  for (const auto operation : {DiskOperation::open, DiskOperation::write, DiskOperation::sync,
                               DiskOperation::rename, DiskOperation::sync_directory}) {
    FaultyDisk disk(1);
    disk.fail({.operations = testing::on({operation})});
    Suspects suspects(disk);
    suspects.died(11, {work(1, 2, 2)});
    EXPECT_FALSE(suspects.judge(queue_).ok());
    EXPECT_EQ(suspects.of(id(1, 2)), Verdict::suspected);
  }
}

TEST_F(SuspectsTest, ADamagedFileIsSaidToBeOne) {
  for (const std::string bytes : {"", "nonsense", "PSP1\0\0\0"}) {
    auto file = disk_.open("suspects", Open::create_or_open);
    ASSERT_TRUE((*file)->truncate(0).ok());
    ASSERT_TRUE((*file)->write(0, bytes).ok());
    Suspects suspects(disk_);
    EXPECT_EQ(suspects.load().error().code, Code::corrupt) << bytes;
  }
}

}  // namespace
}  // namespace postrider

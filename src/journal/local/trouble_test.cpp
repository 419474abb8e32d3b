// SPDX-License-Identifier: Apache-2.0
// A disk that is full, or fails.
#include "journal/committer.h"
#include "journal/local/local_fixture.h"
#include "testing/fail_every_io.h"

namespace postrider::journal::local {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class LocalTroubleTest : public LocalJournalTest {
 protected:
  void unreadable(std::string prefix, std::uint64_t times) {
    subject.disk.fail({.operations = testing::on({testing::DiskOperation::read}),
                       .prefix = std::move(prefix),
                       .times = times});
  }
};

TEST_F(LocalTroubleTest, AFullDiskRefusesStoresNothingAndRecoversByItself) {
  subject.disk.set_capacity(12 << 20);
  std::vector<Sequence> stored;
  for (;;) {
    Group group;
    group.entries = {{{}, std::string(200'000, 'x'), {}}};
    auto receipts = commit(group);
    if (!receipts.ok()) {
      EXPECT_EQ(receipts.error().code, Code::exhausted);
      break;
    }
    stored.push_back(receipts->front().first);
    upkeep();
  }
  EXPECT_FALSE(journal->counters().failed);
  EXPECT_EQ(journal->counters().live, stored.size());
  EXPECT_EQ(read(stored.back()).size(), 200'000u);
  // Settling is small and frees room.
  release(stored);
  upkeep();
  EXPECT_EQ(read(put("again")), "again");
  restart();
  EXPECT_THAT(live, SizeIs(1));
}

// Somebody else fills the disk. What the journal has of it already may be used, the reserve may not, however
// many files are made in advance.
TEST_F(LocalTroubleTest, IntakeLeavesTheReserveAlone) {
  constexpr std::uint64_t reserve = 8 << 20;
  subject.options.reserve_bytes = reserve;
  subject.disk.set_capacity(64 << 20);
  restart();
  upkeep();
  auto ballast = *subject.disk.open("ballast", Open::create_new);
  ASSERT_TRUE(ballast->allocate(subject.disk.space()->free - reserve - 4096).ok());
  std::vector<Sequence> stored;
  for (;;) {
    Group group;
    group.purpose = Purpose::intake;
    group.entries = {{{}, std::string(20'000, 'x'), {}}};
    auto receipts = commit(group);
    if (!receipts.ok()) {
      EXPECT_EQ(receipts.error().code, Code::exhausted);
      break;
    }
    stored.push_back(receipts->front().first);
    upkeep();
  }
  const auto idle = 2 * subject.options.segment_bytes + 2 * subject.options.event_segment_bytes;
  EXPECT_LT(stored.size() * 20'000, idle);
  EXPECT_GE(subject.disk.space()->free + idle, reserve);
  EXPECT_EQ(journal->stage(std::string(300'000, 'b')).error().code, Code::exhausted);
  release(stored);
  upkeep();
  EXPECT_EQ(read(put("settling goes on")), "settling goes on");
  ballast.reset();
  ASSERT_TRUE(subject.disk.remove("ballast").ok());
  upkeep();
  EXPECT_FALSE(journal->space().refusing);
}

TEST_F(LocalTroubleTest, OfASmallDiskAnEighthIsLeftAlone) {
  subject.options.reserve_bytes = 1ull << 30;
  subject.disk.set_capacity(64 << 20);
  restart();
  upkeep();
  EXPECT_NEAR(static_cast<double>(journal->space().limit), 56 << 20, 64 << 10) << "less a few small files";
  EXPECT_FALSE(journal->space().refusing);
}

TEST_F(LocalTroubleTest, AWriteCutShortForLackOfRoomIsNeverFoundAgain) {
  for (std::uint64_t n = 0; n < 20; ++n) {
    const auto before = put("before " + std::to_string(n));
    subject.disk.fail({.operations = testing::on({testing::DiskOperation::write}),
                       .prefix = "spool/",
                       .times = 1,
                       .code = Code::exhausted});
    Group group;
    group.entries = {{{}, "refused", {}}, {{}, std::string(3000, 'r'), {}}};
    EXPECT_EQ(commit(group).error().code, Code::exhausted);
    if (n % 2 == 0) put("after");
    restart();
    EXPECT_EQ(read(before), "before " + std::to_string(n));
    for (auto sequence : live) EXPECT_NE(read(sequence), "refused");
    release(live);
  }
}

// A segment that could not be erased is there again after a restart: its records must be as released as they
// were, though the segments that carried the releases would be done with by now.
TEST_F(LocalTroubleTest, ASegmentThatCannotBeErasedBringsNothingBack) {
  for (std::uint64_t after = 0; after < 24; ++after) {
    subject.disk.fail({.operations = testing::on({testing::DiskOperation::write}),
                       .prefix = "keys",
                       .after = after,
                       .code = Code::exhausted});
    std::vector<Sequence> before;
    for (int round = 0; round < 8; ++round) {
      std::vector<Sequence> stored;
      for (int i = 0; i < 4; ++i) {
        Group group;
        group.entries = {{{}, std::string(200'000, 'x'), {}}};
        // Without room for another segment nothing is stored, which is not the point here.
        if (auto receipts = commit(group); receipts.ok()) stored.push_back(receipts->front().first);
      }
      release(before);
      before = stored;
      upkeep();
    }
    release(before);
    restart();
    EXPECT_THAT(live, ::testing::IsEmpty()) << after;
  }
}

TEST_F(LocalTroubleTest, AfterAFailedSyncTheDiskDecidesAtTheRestart) {
  const auto before = put("before");
  subject.arm_sync_failure();
  Group group;
  group.entries = {{{}, "unknown", {}}};
  EXPECT_EQ(commit(group).error().code, Code::io);
  EXPECT_EQ(journal->maintain(subject.clock.wall(), {}).error().code, Code::io);
  EXPECT_EQ(journal->stage("x").error().code, Code::io);
  EXPECT_TRUE(subject.log.has("alarm journal_failed"));
  // The process restarts, the machine does not: the cache still shows what the disk never got.
  subject.journal.reset();
  subject.disk.kill();
  start();
  EXPECT_THAT(live, ElementsAre(before));
}

TEST_F(LocalTroubleTest, ASectorThatStaysUnreadableIsSetAsideAndTheRestOfTheBatchCommits) {
  Group frame;
  frame.entries = {{{}, "under the bad sector", {}}, {{}, "in the same frame", {}}};
  const auto bad = commit(frame)->front().first;
  const Sequence beside{bad.value + 1};
  restart();
  Committer committer(*journal, {}, subject.log);
  std::vector<Sequence> places;
  const auto submit = [&](Group group) {
    committer.submit(std::move(group), [&](Result<Receipt> receipt) {
      ASSERT_TRUE(receipt.ok()) << receipt.error().detail;
      places.push_back(receipt->first);
    });
  };
  Group moving, other;
  moving.moves = {{bad, {}}};
  other.entries = {{{}, "of another group", {}}};
  submit(moving);
  submit(std::move(other));
  unreadable("spool/", UINT64_MAX);
  EXPECT_EQ(committer.commit_once(), Committer::Step::worked);
  ASSERT_THAT(places, SizeIs(2));
  EXPECT_TRUE(subject.log.has("alarm journal_record_damaged"));
  EXPECT_EQ(journal->counters().quarantined, 1u);
  EXPECT_FALSE(journal->counters().failed);

  const auto tried = subject.disk.failed();
  moving.moves = {{beside, {}}};
  submit(std::move(moving));
  EXPECT_EQ(committer.commit_once(), Committer::Step::worked);
  EXPECT_EQ(subject.disk.failed(), tried) << "the bad sector is not tried for every record above it";

  for (int life = 0; life < 2; ++life) {
    subject.disk.heal();
    EXPECT_EQ(read(bad), "error: not_found");
    EXPECT_EQ(read(places[0]), "error: corrupt");
    EXPECT_EQ(read(places[1]), "of another group");
    EXPECT_EQ(read(places[2]), "error: corrupt");
    restart();
    EXPECT_THAT(live, ElementsAre(places[0], places[1], places[2]));
  }
}

TEST_F(LocalTroubleTest, ABodyThatIsGoneCostsItsNeighboursNothing) {
  Group frame;
  frame.entries = {{{}, "", journal->stage(std::string(300'000, 'b')).value()}, {{}, "its neighbour", {}}};
  const auto big = commit(frame)->front().first;
  const Sequence beside{big.value + 1};
  for (const auto& file : *subject.disk.list("blobs")) ASSERT_TRUE(subject.disk.remove("blobs/" + file).ok());
  EXPECT_EQ(read(big), "error: corrupt");
  EXPECT_TRUE(subject.log.has("alarm journal_record_damaged"));
  EXPECT_EQ(journal->counters().quarantined, 1u);
  Group moving;
  moving.moves = {{beside, {}}};
  const auto moved = commit(moving);
  ASSERT_TRUE(moved.ok());
  EXPECT_EQ(read(moved->front().first), "its neighbour");
}

TEST_F(LocalTroubleTest, AReadThatFailsForAMomentCostsNothing) {
  const auto old = put("read at the third try");
  restart();
  unreadable("spool/", 2);
  Group moving;
  moving.moves = {{old, {}}};
  const auto receipts = commit(moving);
  ASSERT_TRUE(receipts.ok());
  EXPECT_EQ(read(receipts->front().first), "read at the third try");
  EXPECT_EQ(journal->counters().quarantined, 0u);
}

TEST_F(LocalTroubleTest, AnyOperationMayFailAtAnyTime) {
  for (const auto code : {Code::io, Code::exhausted}) {
    const auto tried = testing::fail_every_io(testing::every_operation, code, [&](testing::FaultyDisk& disk) {
      auto options = LocalUnderTest::small();
      options.segment_bytes = 16 << 10;
      options.event_segment_bytes = 8 << 10;
      testing::SeededRandom random(1);
      testing::FakeClock clock;
      testing::MemoryLog log;
      std::set<std::string> acknowledged, told;
      const auto live_in = [&](LocalJournal& opened) -> std::optional<std::set<std::string>> {
        std::vector<Sequence> sequences;
        if (!opened.recover([&](Sequence sequence, const Label&) { sequences.push_back(sequence); }).ok())
          return std::nullopt;
        std::set<std::string> found;
        for (auto sequence : sequences) {
          auto bytes = opened.read({&sequence, 1});
          found.insert(bytes.ok() ? bytes->front() : "unreadable");
        }
        return found;
      };
      {
        LocalJournal first(disk, random, clock, log, Key{1}, options);
        if (live_in(first)) {
          for (std::uint64_t i = 1; i <= 30; ++i) {
            Group group;
            const auto bytes = std::to_string(i) + std::string(1000, '.');
            group.entries = {{{}, bytes, {}}};
            group.events = {bytes};
            if (first.commit(i, {&group, 1}).ok()) acknowledged.insert(bytes);
            for (int step = 0; step < 6; ++step) static_cast<void>(first.maintain(clock.wall(), {}));
          }
        }
      }
      disk.heal();
      disk.crash();
      LocalJournal second(disk, random, clock, log, Key{1}, options);
      const auto found = live_in(second);
      ASSERT_TRUE(found);
      for (const auto& bytes : acknowledged) EXPECT_TRUE(found->contains(bytes)) << bytes.substr(0, 3);
      EXPECT_FALSE(found->contains("unreadable"));
      auto page = second.read_events({}, 1000);
      ASSERT_TRUE(page.ok());
      for (auto& event : page->events) EXPECT_TRUE(told.insert(event.bytes).second) << "told twice";
      for (const auto& bytes : acknowledged) EXPECT_TRUE(told.contains(bytes));
    });
    EXPECT_GT(tried, 100u);
  }
}

}  // namespace
}  // namespace postrider::journal::local

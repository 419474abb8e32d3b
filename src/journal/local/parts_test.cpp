// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "journal/local/hint_file.h"
#include "journal/local/key_slots.h"
#include "journal/local/released_file.h"
#include "journal/local/segment_pool.h"
#include "journal/local/stream_file.h"
#include "testing/faulty_disk.h"
#include "testing/seeded_random.h"

// The small files around the segments, each alone.
namespace postrider::journal::local {
namespace {

using ::testing::ElementsAre;
using testing::FaultyDisk;
using ::testing::SizeIs;
using State = KeySlots::State;

constexpr Key wrapping{1, 2, 3};

UseKey key_of(SegmentNumber number) {
  UseKey use{number, LogKind::spool, number + 10, {}, {}};
  use.incarnation.fill(static_cast<std::uint8_t>(number + 1));
  use.key.fill(static_cast<std::uint8_t>(number + 2));
  return use;
}

class KeySlotsTest : public ::testing::Test {
 protected:
  KeySlots open() { return *KeySlots::open(disk, wrapping, Open::create_or_open); }
  KeySlots::Slot slot(SegmentNumber number) {
    const auto keys = open();
    disk.drop_caches();
    return (*keys.load())[number];
  }
  FaultyDisk disk;
  NonceSource nonces{1};
};

TEST_F(KeySlotsTest, KeysComeBackByNumber) {
  auto keys = open();
  for (SegmentNumber number : {0u, 7u, 8u, 100u}) ASSERT_TRUE(keys.write(key_of(number), nonces).ok());
  const auto slots = *keys.load();
  ASSERT_GT(slots.size(), 100u);
  for (SegmentNumber number : {0u, 7u, 8u, 100u}) {
    EXPECT_EQ(slots[number].state, State::used);
    EXPECT_EQ(slots[number].use.key, key_of(number).key);
    EXPECT_EQ(slots[number].use.incarnation, key_of(number).incarnation);
    EXPECT_EQ(slots[number].use.serial, number + 10);
    EXPECT_FALSE(slots[number].single);
  }
  EXPECT_EQ(slots[1].state, State::empty);
}

TEST_F(KeySlotsTest, AnErasedKeyIsNowhereInTheFile) {
  auto keys = open();
  ASSERT_TRUE(keys.write(key_of(3), nonces).ok());
  ASSERT_TRUE(keys.erase(3).ok());
  EXPECT_EQ(slot(3).state, State::empty);
  auto file = *disk.open("keys", Open::existing);
  std::string bytes(*file->size(), 'x');
  ASSERT_TRUE(file->read(0, bytes).ok());
  EXPECT_EQ(bytes.find_first_not_of('\0'), bytes.npos);
}

TEST_F(KeySlotsTest, OneBadCopyIsMadeGoodByTheOther) {
  ASSERT_TRUE(open().write(key_of(9), nonces).ok());
  for (std::uint64_t copy : {page_bytes * 2, page_bytes * 3}) {
    disk.rot_at("keys", copy + sector + 50);
    EXPECT_EQ(slot(9).state, State::used);
    EXPECT_EQ(slot(9).use.key, key_of(9).key);
    EXPECT_TRUE(slot(9).single);
    disk.rot_at("keys", copy + sector + 50);
  }
  disk.rot_at("keys", page_bytes * 2 + sector);
  disk.rot_at("keys", page_bytes * 3 + sector);
  EXPECT_EQ(slot(9).state, State::damaged);
}

TEST_F(KeySlotsTest, ADeletionCutShortIsADeletionOrNone) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    FaultyDisk torn(seed);
    auto keys = *KeySlots::open(torn, wrapping, Open::create_or_open);
    ASSERT_TRUE(torn.sync_directory("").ok());
    ASSERT_TRUE(keys.write(key_of(2), nonces).ok());
    torn.fail({.operations = testing::on({testing::DiskOperation::sync})});
    EXPECT_FALSE(keys.erase(2).ok());
    torn.crash();
    const auto found = (*KeySlots::open(torn, wrapping, Open::existing)->load())[2];
    EXPECT_TRUE(found.state == State::empty || found.use.key == key_of(2).key);
  }
}

TEST_F(KeySlotsTest, AnotherWrappingKeyOpensNone) {
  ASSERT_TRUE(open().write(key_of(1), nonces).ok());
  const auto other = *KeySlots::open(disk, Key{9}, Open::existing);
  EXPECT_EQ((*other.load())[1].state, State::damaged);
}

class StreamFileTest : public ::testing::Test {
 protected:
  FaultyDisk disk;
  testing::SeededRandom random{1};
  StreamFile stream{disk, wrapping};
};

TEST_F(StreamFileTest, NothingThenWhatWasStored) {
  EXPECT_EQ(*stream.load(), std::nullopt);
  StreamIdentity identity{{1, 2}, 77, 5, 100, 200, 150};
  ASSERT_TRUE(stream.store(identity, random).ok());
  const auto found = *stream.load();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->stream, identity.stream);
  EXPECT_EQ(found->incarnation, 77u);
  EXPECT_EQ(found->epoch, 5u);
  EXPECT_EQ(found->next_sequence, 100u);
  EXPECT_EQ(found->next_item, 200u);
  EXPECT_EQ(found->carried_item, 150u);
}

TEST_F(StreamFileTest, ABadPageDoesNotTurnTheEpochBack) {
  for (std::uint32_t epoch = 1; epoch <= 3; ++epoch) ASSERT_TRUE(stream.store({{}, 7, epoch}, random).ok());
  for (std::uint64_t copy : {std::uint64_t{0}, page_bytes}) {
    disk.rot_at("stream", copy + 40);
    disk.drop_caches();
    EXPECT_EQ((*stream.load())->epoch, 3u);
    disk.rot_at("stream", copy + 40);
  }
  disk.rot_at("stream", 40);
  disk.rot_at("stream", page_bytes + 40);
  EXPECT_EQ(stream.load().error().code, Code::corrupt);
}

TEST_F(StreamFileTest, ACrashLeavesTheOldOrTheNew) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    FaultyDisk torn(seed);
    StreamFile file(torn, wrapping);
    ASSERT_TRUE(file.store({{}, 7, 1}, random).ok());
    torn.fail({.operations = testing::on({testing::DiskOperation::sync}), .after = seed % 2});
    EXPECT_FALSE(file.store({{}, 7, 2}, random).ok());
    torn.crash();
    const auto found = *file.load();
    ASSERT_TRUE(found);
    EXPECT_GE(found->epoch, 1u);
    EXPECT_LE(found->epoch, 2u);
  }
}

class UseFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(disk.make_directory("spool").ok());
    for (std::uint64_t sequence = 100; sequence < 400; ++sequence) {
      Label label;
      label.kind = 3;
      label.n = static_cast<std::uint32_t>(sequence);
      label.lane = sequence * 77;
      if (sequence == 250) sequence += 10;  // a damaged range
      builder.record(sequence, label, Body::here, {});
      if (sequence % 3 == 0) builder.release(sequence - 90);
    }
    use->first_sequence = 100;
    use->next_sequence = 400;
    use->released = SequenceBits(100);
    use->live = 290;
    use->closed = true;
    use->frames = {{0, 512, 9000}, {150, 9600, 20}, {200, 9700, 16000}};
    use->lost = {{250, 260}};
    use->damage = {{"there", "because"}};
    use->end = 77 * sector;
    use->batches = 12;
    use->newest = from_millis(5);
  }
  std::shared_ptr<Use> again() { return std::make_shared<Use>(key_of(4), nullptr, 1 << 20); }

  FaultyDisk disk;
  NonceSource nonces{1};
  HintBuilder builder;
  std::shared_ptr<Use> use = again();
};

TEST_F(UseFilesTest, AHintSaysWhatTheUseWouldSay) {
  ASSERT_TRUE(HintFile::write(disk, *use, &builder, nonces).ok());
  const auto read = again();
  const auto hint = *HintFile::read(disk, *read);
  ASSERT_TRUE(hint);
  EXPECT_TRUE(read->closed);
  EXPECT_EQ(read->end, use->end);
  EXPECT_EQ(read->first_sequence, 100u);
  EXPECT_EQ(read->next_sequence, 400u);
  EXPECT_EQ(read->live, 290u);
  EXPECT_EQ(read->newest, use->newest);
  EXPECT_TRUE(read->is_lost(255));
  EXPECT_EQ(read->damage.front().why, "because");
  ASSERT_THAT(read->frames, SizeIs(3));
  EXPECT_EQ(read->frames[2].offset, 9700u);
  EXPECT_EQ(read->frame_of(260), 1u);
  std::vector<std::uint64_t> records, releases;
  hint->each_record([&](const HintRecord& record) {
    records.push_back(record.sequence.value);
    EXPECT_EQ(record.label.lane % 77, 0u);
  });
  hint->each_release([&](std::uint64_t sequence) { releases.push_back(sequence); });
  EXPECT_THAT(records, SizeIs(290));
  EXPECT_EQ(records.front(), 100u);
  EXPECT_EQ(records[150], 260u);
  EXPECT_EQ(records.back(), 399u);
  EXPECT_EQ(releases.front(), 12u);
}

TEST_F(UseFilesTest, AHintOfAnotherLifeOrADamagedOneIsNone) {
  ASSERT_TRUE(HintFile::write(disk, *use, &builder, nonces).ok());
  auto other_key = key_of(4);
  other_key.incarnation[0] ^= 1;
  Use other(other_key, nullptr, 1 << 20);
  EXPECT_EQ(HintFile::read(disk, other)->has_value(), false);
  const auto size = *(*disk.open("spool/000004.hint", Open::existing))->size();
  for (std::uint64_t at = 0; at < size; at += 13) {
    disk.rot_at("spool/000004.hint", at);
    disk.drop_caches();
    const auto read = again();
    EXPECT_EQ(HintFile::read(disk, *read)->has_value(), false) << at;
    EXPECT_FALSE(read->closed);
    disk.rot_at("spool/000004.hint", at);
  }
}

TEST_F(UseFilesTest, BitmapsSurviveAnyOneBadCopy) {
  for (std::uint64_t sequence : {100u, 163u, 164u, 399u}) EXPECT_TRUE(use->release(sequence));
  EXPECT_FALSE(use->release(255)) << "lost";
  EXPECT_FALSE(use->release(400)) << "not in this use";
  ASSERT_TRUE(ReleasedFile::write(disk, *use, nonces).ok());
  const auto read = [&] {
    auto found = again();
    EXPECT_TRUE(HintFile::read(disk, *found)->has_value());
    disk.drop_caches();
    EXPECT_TRUE(ReleasedFile::read(disk, *found).ok());
    return found;
  };
  ASSERT_TRUE(HintFile::write(disk, *use, &builder, nonces).ok());
  EXPECT_EQ(read()->live, 286u);
  EXPECT_EQ(read()->release_durable, 4u);
  for (std::uint64_t at : {10u, 60u, 4096u + 10u, 4096u + 60u}) {
    disk.rot_at("spool/000004.rel", at);
    const auto found = read();
    EXPECT_EQ(found->live, 286u);
    EXPECT_TRUE(found->released.test(399));
    EXPECT_EQ(found->release_durable, 0u) << "believed, and not relied upon";
    disk.rot_at("spool/000004.rel", at);
  }
}

TEST_F(UseFilesTest, ABitmapCutShortKeepsWhatItHad) {
  ASSERT_TRUE(HintFile::write(disk, *use, &builder, nonces).ok());
  use->release(100);
  ASSERT_TRUE(ReleasedFile::write(disk, *use, nonces).ok());
  for (std::uint64_t step = 0; step < 4; ++step) {
    use->release(110 + step);
    disk.fail({.operations = testing::on({testing::DiskOperation::write, testing::DiskOperation::sync}),
               .after = step});
    EXPECT_FALSE(ReleasedFile::write(disk, *use, nonces).ok());
    disk.crash();
    auto found = again();
    ASSERT_TRUE(HintFile::read(disk, *found)->has_value());
    ASSERT_TRUE(ReleasedFile::read(disk, *found).ok());
    EXPECT_TRUE(found->released.test(100));
  }
}

class SegmentPoolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(disk.make_directory("spool").ok());
    ASSERT_TRUE(disk.make_directory("events").ok());
  }
  UsePtr make() { return *pool.make(LogKind::spool, 64 << 10, 1, 1); }

  FaultyDisk disk{1, 1 << 20};
  testing::SeededRandom random{1};
  NonceSource nonces{1};
  SegmentPool pool{disk, random, nonces, *KeySlots::open(disk, wrapping, Open::create_or_open), {}};
};

TEST_F(SegmentPoolTest, ARecycledFileHasAnotherNameAndKeyInsideAndTheSameOutside) {
  const auto first = make();
  EXPECT_TRUE((*read_header(*first)).has_value());
  ASSERT_TRUE(pool.retire(*first, 8).ok());
  EXPECT_EQ(pool.free(LogKind::spool), 1u);
  const auto second = make();
  EXPECT_EQ(second->number, first->number);
  EXPECT_NE(second->incarnation, first->incarnation);
  EXPECT_GT(second->serial, first->serial);
  EXPECT_TRUE((*read_header(*second)).has_value());
  EXPECT_FALSE((*read_header(*first)).has_value()) << "the old life is over";
  EXPECT_THAT(disk.files("spool/"), ElementsAre("spool/000000.seg"));
}

TEST_F(SegmentPoolTest, FilesBeyondTheKeptOnesGoBackToTheDisk) {
  std::vector<UsePtr> uses;
  for (int i = 0; i < 5; ++i) uses.push_back(make());
  for (const auto& use : uses) ASSERT_TRUE(pool.retire(*use, 2).ok());
  EXPECT_THAT(disk.files("spool/"), SizeIs(2));
}

TEST_F(SegmentPoolTest, NoRoomLeavesNothingBehindAndPasses) {
  std::vector<UsePtr> uses;
  for (;;) {
    auto made = pool.make(LogKind::spool, 64 << 10, 1, 1);
    if (!made.ok()) {
      EXPECT_EQ(made.error().code, Code::exhausted);
      break;
    }
    uses.push_back(*made);
  }
  EXPECT_THAT(disk.files("spool/"), SizeIs(uses.size()));
  ASSERT_TRUE(pool.retire(*uses.back(), 8).ok());
  EXPECT_TRUE(pool.make(LogKind::spool, 64 << 10, 1, 1).ok());
}

}  // namespace
}  // namespace postrider::journal::local

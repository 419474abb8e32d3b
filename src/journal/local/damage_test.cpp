// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "base/crash_point.h"
#include "journal/local/file_io.h"
#include "journal/local/trial.h"
#include "journal/local/verify.h"

namespace postrider::journal::local {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// A small journal of many segments: one record and one event to a batch, a third of the records released.
class Damage : public ::testing::Test {
 protected:
  static constexpr int commits = 48;

  static Options tiny() {
    auto options = LocalUnderTest::small();
    options.segment_bytes = 12 << 10;
    options.event_segment_bytes = 8 << 10;
    return options;
  }
  static std::string record(int i) {
    return "record " + std::to_string(i) + std::string(static_cast<std::size_t>(i) * 37 % 900, '.');
  }
  static std::string event(int i) { return "event " + std::to_string(i); }
  static bool released(int i) { return i % 3 == 0 && i + 2 < commits; }

  void build() {
    subject = std::make_unique<LocalUnderTest>(1, tiny());
    auto& journal = subject->open();
    ASSERT_TRUE(journal.recover([](Sequence, const Label&) {}).ok());
    places.clear();
    for (int i = 0; i < commits; ++i) {
      Group group;
      group.entries = {{{}, record(i), {}}};
      group.events = {event(i)};
      if (i >= 2 && released(i - 2)) group.releases = {places[static_cast<std::size_t>(i) - 2]};
      auto receipts = journal.commit(static_cast<std::uint64_t>(i) + 1, {&group, 1});
      ASSERT_TRUE(receipts.ok()) << receipts.error().detail;
      places.push_back(receipts->front().first);
      for (bool more = true; more && i % 2 == 0;) more = *journal.maintain(subject->clock.wall(), {});
    }
    // The newest records are not carried over, closed or hinted, as in any crash.
    subject->journal.reset();
  }

  struct Seen {
    std::set<std::string> records, events;
    std::size_t unreadable = 0;
    std::size_t quarantined = 0;
  };
  Seen reopen() {
    subject->crash();
    auto& journal = subject->open();
    std::vector<Sequence> live;
    auto recovered = journal.recover([&](Sequence sequence, const Label&) { live.push_back(sequence); });
    EXPECT_TRUE(recovered.ok()) << recovered.error().detail;
    Seen seen;
    if (!recovered.ok()) return seen;
    seen.quarantined = recovered->quarantined.size();
    for (auto sequence : live) {
      auto bytes = journal.read({&sequence, 1});
      if (bytes.ok())
        seen.records.insert(bytes->front());
      else
        ++seen.unreadable;
    }
    auto page = journal.read_events({}, 10'000);
    EXPECT_TRUE(page.ok());
    for (auto& one : page->events) seen.events.insert(one.bytes);
    return seen;
  }
  void remove_hints() {
    for (const auto& file : subject->disk.files()) {
      if (file.ends_with(".hint")) EXPECT_TRUE(subject->disk.remove(file).ok());
    }
    EXPECT_TRUE(subject->disk.sync_directory("spool").ok());
    EXPECT_TRUE(subject->disk.sync_directory("events").ok());
  }
  std::uint64_t size_of(const std::string& file) {
    return *(*subject->disk.open(file, Open::existing))->size();
  }

  // What is missing, what is back, and whether anybody was told.
  void expect_one_batch_at_most(const Seen& seen) {
    int missing = 0, back = 0, untold = 0;
    for (int i = 0; i < commits; ++i) {
      const bool there = seen.records.contains(record(i));
      if (!there && !released(i)) ++missing;
      if (there && released(i)) ++back;
      if (!seen.events.contains(event(i))) ++untold;
    }
    EXPECT_LE(missing, 1);
    EXPECT_LE(back, 1) << "its release stood in the damaged batch";
    EXPECT_LE(untold, 12) << "a batch of the event log holds a few commits";
    // Nobody can tell the last batch, when it is damaged, from one that a crash tore.
    const bool last = !seen.records.contains(record(commits - 1));
    if (missing + back > 0 && !last)
      EXPECT_GT(seen.quarantined + seen.unreadable, 0u) << "somebody must be told";
    EXPECT_LE(seen.records.size(), static_cast<std::size_t>(commits)) << "nothing that was never written";
  }

  std::unique_ptr<LocalUnderTest> subject;
  std::vector<Sequence> places;
};

TEST_F(Damage, WithoutAnyEverythingIsThere) {
  build();
  const auto seen = reopen();
  for (int i = 0; i < commits; ++i) {
    EXPECT_EQ(seen.records.contains(record(i)), !released(i)) << i;
    EXPECT_TRUE(seen.events.contains(event(i))) << i;
  }
  EXPECT_EQ(seen.quarantined, 0u);
}

// Flips a bit of every 97th byte of every file, one at a time.
TEST_F(Damage, AFlippedBitCostsOneBatchAtMost) {
  build();
  std::vector<std::pair<std::string, std::uint64_t>> files;
  for (const auto& file : subject->disk.files()) files.emplace_back(file, size_of(file));
  ASSERT_THAT(files, SizeIs(::testing::Gt(12u)));
  for (const bool hints : {true, false}) {
    for (const auto& [file, size] : files) {
      for (std::uint64_t offset = 0; offset < size; offset += 97) {
        SCOPED_TRACE(::testing::Message() << file << " at " << offset << (hints ? "" : ", without hints"));
        build();
        if (!hints) remove_hints();
        subject->disk.rot_at(file, offset);
        expect_one_batch_at_most(reopen());
        if (HasFailure()) return;
      }
    }
  }
}

// The files that are only there to be quick or twice must cost nothing at all.
TEST_F(Damage, KeysStreamHintsAndBitmapsLoseNothing) {
  build();
  const auto whole = reopen();
  build();
  const auto files = subject->disk.files();
  for (const auto& file : files) {
    if (file.ends_with(".seg")) continue;
    const auto size = size_of(file);
    for (std::uint64_t offset = 0; offset < size; offset += 31) {
      SCOPED_TRACE(::testing::Message() << file << " at " << offset);
      build();
      subject->disk.rot_at(file, offset);
      const auto seen = reopen();
      EXPECT_EQ(seen.records, whole.records);
      EXPECT_EQ(seen.events, whole.events);
      EXPECT_EQ(seen.quarantined, 0u);
      if (HasFailure()) return;
    }
  }
}

// A page that the device does not give any more, in every place of every file, one at a time.
TEST_F(Damage, AnUnreadablePageIsDamageAndNoEnd) {
  build();
  std::vector<std::pair<std::string, std::uint64_t>> files;
  for (const auto& file : subject->disk.files()) files.emplace_back(file, size_of(file));
  for (const bool hints : {true, false}) {
    for (const auto& [file, size] : files) {
      for (std::uint64_t offset = 0; offset < size; offset += page_bytes) {
        SCOPED_TRACE(::testing::Message() << file << " at " << offset << (hints ? "" : ", without hints"));
        build();
        if (!hints) remove_hints();
        subject->disk.spoil(file, offset);
        std::set<std::string> later;
        for (int life = 0; life < 3; ++life) {
          const auto seen = reopen();
          for (int i = 0; i < commits; ++i) {
            const bool lost = !released(i) && !seen.records.contains(record(i));
            if (lost)
              EXPECT_GT(seen.quarantined + seen.unreadable, 0u) << "record " << i << " and nobody told";
            if (lost) EXPECT_TRUE(file.ends_with(".seg")) << "record " << i;
          }
          for (const auto& bytes : later) EXPECT_TRUE(seen.records.contains(bytes)) << bytes;
          // And it goes on.
          later.insert("life " + std::to_string(life));
          Group group;
          group.entries = {{{}, *later.rbegin(), {}}};
          group.events = {*later.rbegin()};
          const auto receipts = subject->journal->commit(1, {&group, 1});
          EXPECT_TRUE(receipts.ok()) << receipts.error().detail;
          for (bool more = true; more;) {
            const auto kept = subject->journal->maintain(subject->clock.wall(), {});
            EXPECT_TRUE(kept.ok()) << kept.error().detail;
            more = kept.ok() && *kept;
          }
        }
        if (HasFailure()) return;
      }
    }
  }
}

// What stood there may have been acknowledged: a torn batch it is not.
TEST_F(Damage, ATailThatCannotBeReadIsToldAndItsNumbersAreNotGivenAgain) {
  build();
  const auto last = places.back();
  std::vector<std::string> tails;
  for (const auto& file : subject->disk.files("spool/"))
    if (file.ends_with(".seg")) tails.push_back(file);
  std::size_t lost = 0;
  for (const auto& file : tails) {
    build();
    subject->disk.spoil(file, page_bytes);
    subject->disk.spoil(file, 2 * page_bytes);
    subject->disk.spoil(file, 0);
    const auto seen = reopen();
    if (seen.records.contains(record(commits - 1))) continue;
    ++lost;
    EXPECT_GT(seen.quarantined, 0u);
    Group group;
    group.entries = {{{}, "new", {}}};
    const auto receipts = subject->journal->commit(1, {&group, 1});
    ASSERT_TRUE(receipts.ok()) << receipts.error().detail;
    EXPECT_GT(receipts->front().first, last);
  }
  EXPECT_EQ(lost, 1u);
}

TEST_F(Damage, AKeyWhosePageCannotBeReadIsMendedFromTheOther) {
  for (const std::uint64_t first : {std::uint64_t{0}, page_bytes}) {
    build();
    subject->disk.spoil("keys", first);
    auto seen = reopen();
    EXPECT_EQ(seen.quarantined, 0u);
    EXPECT_FALSE(seen.records.empty());
    subject->disk.spoil("keys", page_bytes - first);
    EXPECT_EQ(reopen().records, seen.records);
  }
}

TEST_F(Damage, ADiskOfWhichNothingCanBeReadIsAnErrorAndStaysAsItIs) {
  build();
  subject->crash();
  auto& journal = subject->open();
  subject->disk.fail({.operations = testing::on({testing::DiskOperation::read}), .times = 1'000'000});
  const auto writes = subject->disk.count(testing::DiskOperation::write);
  EXPECT_EQ(journal.recover([](Sequence, const Label&) {}).error().code, Code::io);
  EXPECT_EQ(subject->disk.count(testing::DiskOperation::write), writes);
  subject->disk.heal();
  EXPECT_EQ(reopen().quarantined, 0u);
}

TEST_F(Damage, AQuarantinedRangeIsReadAsCorruptAndStays) {
  build();
  const auto file = path(LogKind::spool, 0, Part::segment);
  remove_hints();
  subject->disk.rot_at(file, sector + 80);  // in the head of the first batch
  for (int life = 0; life < 3; ++life) {
    const auto seen = reopen();
    EXPECT_EQ(seen.quarantined, 1u) << "known by the hint from the second life on";
    EXPECT_EQ(subject->journal->counters().quarantined, 1u);
    EXPECT_TRUE(subject->log.has("alarm journal_quarantined"));
    const Sequence first{1};
    EXPECT_EQ(subject->journal->read({&first, 1}).error().code, Code::corrupt);
    while (*subject->journal->maintain(subject->clock.wall(), {})) {
    }
  }
}

TEST_F(Damage, ATruncatingQuarantineWouldLoseTheRest) {
  build();
  remove_hints();
  const auto file = path(LogKind::spool, 0, Part::segment);
  subject->disk.rot_at(file, sector + 80);
  crash::set_mutant(15);  // planted
  const auto seen = reopen();
  crash::set_mutant(0);
  EXPECT_FALSE(seen.records.contains(record(1)) && seen.records.contains(record(2)));
}

TEST_F(Damage, AMissingSegmentFileIsToldAndTheRestServed) {
  build();
  const auto file = path(LogKind::spool, 0, Part::segment);
  ASSERT_TRUE(subject->disk.remove(file).ok());
  ASSERT_TRUE(subject->disk.sync_directory("spool").ok());
  const auto seen = reopen();
  EXPECT_EQ(seen.quarantined, 1u);
  EXPECT_TRUE(seen.records.contains(record(commits - 1)));
}

TEST_F(Damage, AnotherKeyOpensNothingAndChangesNothing) {
  build();
  subject->crash();
  subject->wrapping[0] ^= 1;
  auto& journal = subject->open();
  EXPECT_EQ(journal.recover([](Sequence, const Label&) {}).error().code, Code::corrupt);
  subject->wrapping[0] ^= 1;
  EXPECT_EQ(reopen().quarantined, 0u);
}

TEST_F(Damage, AJournalWithoutItsStreamFileIsNotTakenForANewOne) {
  build();
  ASSERT_TRUE(subject->disk.remove("stream").ok());
  ASSERT_TRUE(subject->disk.sync_directory("").ok());
  subject->crash();
  EXPECT_EQ(subject->open().recover([](Sequence, const Label&) {}).error().code, Code::corrupt);
}

// The last batch as any power cut may leave it: cut at each sector, each sector missing, each alone.
TEST_F(Damage, ATornLastBatchIsLeftOutWhole) {
  const std::string big(9'000, 'z');
  const auto build_with_last = [&]() -> std::pair<std::string, Range> {
    build();
    auto& journal = subject->open();
    EXPECT_TRUE(journal.recover([](Sequence, const Label&) {}).ok());
    Group before, last;
    before.entries = {{{}, "before", {}}};
    EXPECT_TRUE(journal.commit(1, {&before, 1}).ok());
    for (int i = 0; i < 3; ++i) last.entries.push_back({{}, std::to_string(i) + big.substr(0, 2500), {}});
    last.events = {"last event"};
    const auto bytes = journal.counters().bytes_written;
    EXPECT_TRUE(journal.commit(2, {&last, 1}).ok());
    const auto length = journal.counters().bytes_written - bytes;
    const auto& open = *subject->journal;
    static_cast<void>(open);
    subject->journal.reset();
    auto report = verify(subject->disk, subject->wrapping);
    EXPECT_TRUE(report.ok());
    for (const auto& segment : report->segments) {
      if (segment.log == LogKind::spool && segment.state == SegmentReport::State::open)
        return {segment.path, {segment.bytes - length, segment.bytes}};
    }
    ADD_FAILURE() << "no open segment";
    return {};
  };
  const auto [path, range] = build_with_last();
  const auto sectors = (range.next - range.first) / sector;
  ASSERT_GT(sectors, 10u);
  for (std::uint64_t cut = 0; cut < 3 * sectors; ++cut) {
    SCOPED_TRACE(cut);
    const auto [file, last] = build_with_last();
    auto opened = *subject->disk.open(file, Open::existing);
    for (std::uint64_t i = 0; i < sectors; ++i) {
      const bool missing = cut < sectors       ? i >= cut
                           : cut < 2 * sectors ? i == cut - sectors
                                               : i != cut - 2 * sectors;
      if (missing) ASSERT_TRUE(opened->write(last.first + i * sector, std::string(sector, '\x5a')).ok());
    }
    ASSERT_TRUE(opened->sync().ok());
    const auto seen = reopen();
    EXPECT_TRUE(seen.records.contains("before"));
    EXPECT_TRUE(seen.records.contains(record(commits - 1)));
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(seen.records.contains(std::to_string(i) + big.substr(0, 2500)));
    EXPECT_FALSE(seen.events.contains("last event"));
    EXPECT_EQ(seen.quarantined, 0u) << "it was never acknowledged";
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace postrider::journal::local

// SPDX-License-Identifier: Apache-2.0
#include "testing/journal_conformance.h"

#include <gmock/gmock.h>

#include "testing/journal_model.h"

namespace postrider::testing {

using namespace journal;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

Label label(std::uint32_t n, std::int64_t due_ms = 0) {
  Label made;
  made.kind = 3;
  made.owner[0] = static_cast<std::uint8_t>(n);
  made.owner[15] = 0xee;
  made.n = n;
  made.attempt = 7;
  made.due_ms = due_ms;
  made.lane = 0x0123456789abcdefull;
  return made;
}

Entry entry(std::string_view bytes, std::uint32_t n = 0) {
  return {label(n), std::string(bytes), {}};
}

Group records(std::initializer_list<std::string_view> all) {
  Group group;
  std::uint32_t n = 0;
  for (auto bytes : all) group.entries.push_back(entry(bytes, n++));
  return group;
}

Group telling(std::initializer_list<std::string_view> events) {
  Group group;
  for (auto event : events) group.events.emplace_back(event);
  return group;
}

Group releasing(std::initializer_list<Sequence> sequences) {
  Group group;
  group.releases = sequences;
  return group;
}

Claim claiming(std::string_view key, std::string_view answer, Time expires, std::uint64_t tenant = 1) {
  Claim claim{tenant, std::string(key), {}, std::string(answer), expires};
  claim.digest[31] = static_cast<std::uint8_t>(answer.size());
  return claim;
}

std::string verdict(const Error& error) {
  return "error: " + std::string(name(error.code));
}

template <class T>
std::string verdict(const Result<T>& result) {
  return result.ok() ? "ok" : verdict(result.error());
}

}  // namespace

// The suite is in a library: a binary that links something else of it need not run it.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(JournalConformance);

std::string engine_name(const ::testing::TestParamInfo<JournalEngine>& engine) {
  return engine.param.name;
}

void JournalConformance::SetUp() {
  subject = GetParam().make(1);
  start();
}

Recovered JournalConformance::start() {
  journal = &subject->open();
  live.clear();
  number = 0;
  Sequence last;
  auto recovered = journal->recover([&](Sequence sequence, const Label& told) {
    EXPECT_GT(sequence, last) << "in sequence order";
    last = sequence;
    live[sequence] = told;
  });
  if (!recovered.ok()) {
    ADD_FAILURE() << "recover: " << verdict(recovered) << " " << recovered.error().detail;
    return {};
  }
  EXPECT_EQ(recovered->live, live.size());
  for (const auto& range : recovered->quarantined)
    ADD_FAILURE() << "quarantined " << range.where << ": " << range.why;
  return *recovered;
}

Result<std::vector<Receipt>> JournalConformance::commit(std::vector<Group> groups) {
  last_ = std::move(groups);
  return again();
}

Result<std::vector<Receipt>> JournalConformance::again() {
  return journal->commit(++number, last_);
}

Receipt JournalConformance::commit(Group group) {
  std::vector<Group> groups;
  groups.push_back(std::move(group));
  auto receipts = commit(std::move(groups));
  if (!receipts.ok() || receipts->size() != 1) {
    ADD_FAILURE() << "commit: " << verdict(receipts);
    return {};
  }
  return receipts->front();
}

Sequence JournalConformance::commit(std::string_view bytes) {
  return commit(records({bytes})).first;
}

std::string JournalConformance::read(Sequence sequence) const {
  const Sequence one[] = {sequence};
  auto bytes = journal->read(one);
  if (!bytes.ok()) return verdict(bytes);
  return bytes->size() == 1 ? bytes->front() : "error: not one";
}

std::vector<std::string> JournalConformance::events(Cursor after) const {
  std::vector<std::string> all;
  for (;;) {
    auto page = journal->read_events(after, 3);
    if (!page.ok()) {
      ADD_FAILURE() << "read_events: " << verdict(page);
      return all;
    }
    for (auto& event : page->events) {
      EXPECT_GT(event.sequence, after.sequence);
      after.sequence = event.sequence;
      all.push_back(std::move(event.bytes));
    }
    EXPECT_GE(page->next.sequence, after.sequence);
    after = page->next;
    if (page->events.empty()) return all;
  }
}

std::string JournalConformance::answer(std::uint64_t tenant, std::string_view key) const {
  const auto held = journal->claim(tenant, key);
  return held ? held->answer : "no claim";
}

void JournalConformance::upkeep() {
  for (int steps = 0; steps < 10'000; ++steps) {
    auto more = journal->maintain(subject->clock.wall(), events_before);
    ASSERT_TRUE(more.ok()) << verdict(more);
    if (!*more) return;
  }
  FAIL() << "maintain never ends";
}

// Recovery

TEST_P(JournalConformance, AnEmptyStreamIsRecoveredEmpty) {
  EXPECT_THAT(live, IsEmpty());
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_EQ(journal->counters().live, 0u);
}

TEST_P(JournalConformance, RecoveryTellsExactlyTheLiveRecords) {
  Group group;
  for (std::uint32_t n = 0; n < 5; ++n) group.entries.push_back({label(n, n * 1000), "record", {}});
  const auto first = commit(group).first;
  commit(releasing({{first.value + 1}, {first.value + 3}}));
  const auto recovered = restart();
  EXPECT_EQ(recovered.live, 3u);
  const std::map<Sequence, Label> expected{
      {first, label(0)}, {{first.value + 2}, label(2, 2000)}, {{first.value + 4}, label(4, 4000)}};
  EXPECT_EQ(live, expected);
  restart();
  EXPECT_EQ(live, expected) << "and again";
}

TEST_P(JournalConformance, EveryRecoveryHasAHigherEpochAndNobodyTookOver) {
  std::uint64_t last = journal->lease().epoch;
  for (int i = 0; i < 4; ++i) {
    const auto recovered = restart();
    EXPECT_GT(recovered.epoch, last);
    EXPECT_FALSE(recovered.taken_over);
    last = recovered.epoch;
  }
}

TEST_P(JournalConformance, TheLeaseHoldsAfterRecovery) {
  const auto recovered = restart();
  EXPECT_EQ(journal->lease().epoch, recovered.epoch);
  EXPECT_TRUE(journal->lease().holds(subject->clock.monotonic()));
}

// Records

TEST_P(JournalConformance, CommittedMeansDurable) {
  const auto sequence = commit("hello");
  EXPECT_EQ(read(sequence), "hello");
  restart();
  EXPECT_EQ(read(sequence), "hello");
}

TEST_P(JournalConformance, RecordsHoldAnyBytes) {
  std::string all;
  for (int i = 0; i < 1024; ++i) all.push_back(static_cast<char>(i * 7));
  const auto first = commit(records({"", all, std::string_view("\0", 1)})).first;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(read(first), "");
    EXPECT_EQ(read({first.value + 1}), all);
    EXPECT_EQ(read({first.value + 2}), std::string(1, '\0'));
    restart();
  }
}

TEST_P(JournalConformance, TheLargestInlineRecordFits) {
  const std::string large(Journal::inline_limit, 'L');
  const auto sequence = commit(large);
  EXPECT_EQ(read(sequence), large);
  restart();
  EXPECT_EQ(read(sequence), large);
}

TEST_P(JournalConformance, SequencesStrictlyIncrease) {
  Sequence last;
  for (int batch = 0; batch < 5; ++batch) {
    auto receipts = commit(std::vector<Group>{records({"a", "b"}), records({"c"})});
    ASSERT_TRUE(receipts.ok());
    ASSERT_THAT(*receipts, SizeIs(2));
    EXPECT_GT((*receipts)[0].first, last);
    EXPECT_GT((*receipts)[1].first.value, (*receipts)[0].first.value + 1);
    last = (*receipts)[1].first;
  }
}

TEST_P(JournalConformance, SequencesNeverComeBackAfterARestart) {
  Sequence last;
  for (int life = 0; life < 4; ++life) {
    const auto first = commit(records({"a", "b", "c"})).first;
    EXPECT_GT(first, last);
    last = {first.value + 2};
    commit(releasing({first, {first.value + 1}, last}));
    upkeep();
    restart();
    EXPECT_THAT(live, IsEmpty());
  }
}

TEST_P(JournalConformance, AReceiptPlacesEntriesFirstAndMovesBehindThem) {
  const auto old = commit(records({"x", "y"})).first;
  auto group = records({"a", "b", "c"});
  group.moves = {{old, label(1)}, {{old.value + 1}, label(2)}};
  const auto first = commit(group).first.value;
  EXPECT_EQ(read({first}), "a");
  EXPECT_EQ(read({first + 2}), "c");
  EXPECT_EQ(read({first + 3}), "x");
  EXPECT_EQ(read({first + 4}), "y");
}

TEST_P(JournalConformance, ManyRecordsAreReadInTheOrderAsked) {
  const auto first = commit(records({"0", "1", "2"})).first.value;
  const auto later = commit("3");
  const Sequence asked[] = {later, {first + 2}, {first}, {first + 1}};
  auto bytes = journal->read(asked);
  ASSERT_TRUE(bytes.ok());
  EXPECT_THAT(*bytes, ElementsAre("3", "2", "0", "1"));
  EXPECT_THAT(*journal->read({}), IsEmpty());
}

TEST_P(JournalConformance, AReleasedRecordIsNotFound) {
  const auto sequence = commit("hello");
  const auto other = commit("other");
  commit(releasing({sequence}));
  EXPECT_EQ(read(sequence), "error: not_found");
  const Sequence both[] = {other, sequence};
  EXPECT_EQ(verdict(journal->read(both)), "error: not_found");
  restart();
  EXPECT_EQ(read(sequence), "error: not_found");
  EXPECT_EQ(read(other), "other");
}

TEST_P(JournalConformance, ReleasingTwiceOrTheUnknownChangesNothing) {
  const auto sequence = commit("hello");
  const auto kept = commit("kept");
  commit(releasing({sequence}));
  commit(releasing({sequence, sequence, {kept.value + 1'000'000}, {0}}));
  EXPECT_EQ(journal->counters().live, 1u);
  restart();
  commit(releasing({sequence}));
  EXPECT_EQ(read(kept), "kept");
  EXPECT_EQ(journal->counters().live, 1u);
  EXPECT_EQ(read(commit("new")), "new") << "an early release of a later sequence is no debt";
  restart();
  EXPECT_THAT(live, SizeIs(2));
}

TEST_P(JournalConformance, AMoveKeepsTheBytesAndReleasesTheOldPlace) {
  const auto old = commit("hello");
  Group group;
  group.moves = {{old, label(42, 5000)}};
  const auto moved = commit(group).first;
  EXPECT_GT(moved, old);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(read(moved), "hello");
    EXPECT_EQ(read(old), "error: not_found");
    EXPECT_EQ(journal->counters().live, 1u);
    restart();
    EXPECT_THAT(live, ElementsAre(std::pair(moved, label(42, 5000))));
  }
}

TEST_P(JournalConformance, ARecordMayMoveManyTimes) {
  auto at = commit("hello");
  for (std::uint32_t i = 0; i < 20; ++i) {
    Group group;
    group.moves = {{at, label(i)}};
    at = commit(group).first;
    if (i % 7 == 0) restart();
    if (i % 5 == 0) upkeep();
  }
  restart();
  EXPECT_THAT(live, SizeIs(1));
  EXPECT_EQ(read(at), "hello");
}

// Large bodies

TEST_P(JournalConformance, AStagedBodyIsReadThroughItsRecord) {
  const std::string body(Journal::inline_limit * 3 + 17, 'B');
  auto blob = journal->stage(body);
  ASSERT_TRUE(blob.ok());
  EXPECT_EQ(blob->size, body.size());
  Group group;
  group.entries = {{label(1), "", *blob}, entry("beside")};
  const auto first = commit(group).first;
  EXPECT_EQ(read(first), body);
  restart();
  EXPECT_EQ(read(first), body);
  EXPECT_EQ(read({first.value + 1}), "beside");
  Group move;
  move.moves = {{first, label(2)}};
  const auto moved = commit(move).first;
  upkeep();
  restart();
  EXPECT_EQ(read(moved), body);
  EXPECT_EQ(read(first), "error: not_found");
}

TEST_P(JournalConformance, AStagedBodyThatNoRecordNamesIsRemovedByRecovery) {
  commit("small");
  restart();
  const auto before = journal->space().used;
  ASSERT_TRUE(journal->stage(std::string(4 << 20, 'B')).ok());
  restart();
  EXPECT_LE(journal->space().used, before + (1 << 20));
}

TEST_P(JournalConformance, AStagedBodyGoesWithItsRecord) {
  auto blob = journal->stage(std::string(4 << 20, 'B'));
  ASSERT_TRUE(blob.ok());
  Group group;
  group.entries = {{label(1), "", *blob}};
  const auto sequence = commit(group).first;
  const auto full = journal->space().used;
  commit(releasing({sequence}));
  upkeep();
  restart();
  EXPECT_LE(journal->space().used + (3 << 20), full);
}

// Groups

TEST_P(JournalConformance, AnEmptyGroupIsFine) {
  auto receipts = commit(std::vector<Group>{Group{}, records({"a"}), Group{}});
  ASSERT_TRUE(receipts.ok());
  ASSERT_THAT(*receipts, SizeIs(3));
  EXPECT_EQ(read((*receipts)[1].first), "a");
  restart();
  EXPECT_THAT(live, SizeIs(1));
}

TEST_P(JournalConformance, AGroupIsThereWholeOrNotAtAllAcrossBothLogs) {
  if (!subject->arm_crash(0)) GTEST_SKIP() << "dies between calls only";
  for (std::uint64_t step = 0;; ++step) {
    SCOPED_TRACE(::testing::Message() << "dying at step " << step);
    subject = GetParam().make(step + 1);
    start();
    const auto old = commit(records({"moved", "released"})).first.value;
    auto first = records({"a", std::string(9000, 'b')});
    first.releases = {{old + 1}};
    first.events = {"first"};
    first.claim = claiming("first", "202", subject->clock.wall() + 24h);
    Group second;
    second.moves = {{{old}, label(9)}};
    second.events = {"second"};
    ASSERT_TRUE(subject->arm_crash(step));
    const auto receipts = commit(std::vector<Group>{first, second});
    const bool died = subject->crashed();
    if (!died) EXPECT_TRUE(receipts.ok());
    restart();
    const bool there = read({old + 1}) == "error: not_found";
    if (receipts.ok()) EXPECT_TRUE(there) << "acknowledged and lost";
    EXPECT_EQ(events(), there ? std::vector<std::string>({"first", "second"}) : std::vector<std::string>());
    EXPECT_THAT(live, SizeIs(there ? 3 : 2));
    EXPECT_EQ(journal->claim(1, "first").has_value(), there);
    EXPECT_EQ(read({old}), there ? "error: not_found" : "moved");
    for (const auto& [sequence, told] : live)
      EXPECT_THAT(read(sequence), ::testing::Not(::testing::StartsWith("error")));
    if (!died || HasFailure()) break;
  }
}

// Claims

TEST_P(JournalConformance, TheFirstGroupWithAKeyWinsAndTheSecondStoresNothing) {
  const auto expires = subject->clock.wall() + 24h;
  EXPECT_EQ(journal->claim(1, "key"), std::nullopt);
  auto group = records({"first"});
  group.claim = claiming("key", "answer", expires);
  EXPECT_EQ(commit(group).taken, std::nullopt);

  auto other = records({"second"});
  other.events = {"second"};
  other.claim = claiming("key", "another answer", expires);
  const auto old = commit("old");
  other.releases = {old};
  for (int i = 0; i < 2; ++i) {
    const auto receipt = commit(other);
    ASSERT_TRUE(receipt.taken.has_value());
    EXPECT_EQ(receipt.taken->answer, "answer");
    EXPECT_EQ(receipt.taken->digest, group.claim->digest);
    EXPECT_THAT(events(), IsEmpty());
    EXPECT_EQ(read(old), "old");
    EXPECT_EQ(journal->counters().live, 2u);
    restart();
    EXPECT_THAT(live, SizeIs(2));
  }
}

TEST_P(JournalConformance, TheFirstOfOneBatchWins) {
  auto first = records({"first"});
  first.claim = claiming("key", "1", subject->clock.wall() + 24h);
  auto second = records({"second"});
  second.claim = claiming("key", "2", subject->clock.wall() + 24h);
  auto receipts = commit(std::vector<Group>{first, second, records({"third"})});
  ASSERT_TRUE(receipts.ok());
  EXPECT_FALSE((*receipts)[0].taken);
  ASSERT_TRUE((*receipts)[1].taken);
  EXPECT_EQ((*receipts)[1].taken->answer, "1");
  EXPECT_EQ(read((*receipts)[0].first), "first");
  EXPECT_EQ(read((*receipts)[2].first), "third");
  restart();
  EXPECT_THAT(live, SizeIs(2));
}

TEST_P(JournalConformance, ClaimsOfDifferentTenantsAndKeysDoNotMeet) {
  const auto expires = subject->clock.wall() + 24h;
  for (auto [tenant, key] :
       std::initializer_list<std::pair<std::uint64_t, std::string>>{{1, "a"}, {1, "b"}, {2, "a"}}) {
    Group group;
    group.claim = claiming(key, key + std::to_string(tenant), expires, tenant);
    EXPECT_EQ(commit(group).taken, std::nullopt);
  }
  EXPECT_EQ(answer(2, "a"), "a2");
  EXPECT_EQ(answer(1, "b"), "b1");
  EXPECT_EQ(answer(3, "a"), "no claim");
}

TEST_P(JournalConformance, ClaimsSurviveARestart) {
  Group group;
  group.claim = claiming("key", "answer", subject->clock.wall() + 24h);
  commit(group);
  for (int i = 0; i < 3; ++i) {
    restart();
    upkeep();
    ASSERT_TRUE(journal->claim(1, "key").has_value());
    EXPECT_EQ(journal->claim(1, "key")->answer, "answer");
    EXPECT_EQ(journal->claim(1, "key")->expires, group.claim->expires);
  }
}

TEST_P(JournalConformance, AnExpiredClaimIsFree) {
  Group group;
  group.claim = claiming("key", "old", subject->clock.wall() + 1h);
  commit(group);
  subject->clock.advance(61min);
  upkeep();
  EXPECT_EQ(journal->claim(1, "key"), std::nullopt);
  group.claim = claiming("key", "new", subject->clock.wall() + 1h);
  EXPECT_EQ(commit(group).taken, std::nullopt);
  restart();
  EXPECT_EQ(answer(1, "key"), "new");
}

// Events

TEST_P(JournalConformance, EventsAreReadOnceAndInOrder) {
  commit(telling({"1", "2"}));
  auto receipts = commit(std::vector<Group>{telling({"3"}), telling({"4", "5", "6"})});
  ASSERT_TRUE(receipts.ok());
  EXPECT_THAT(events(), ElementsAre("1", "2", "3", "4", "5", "6"));
  restart();
  EXPECT_THAT(events(), ElementsAre("1", "2", "3", "4", "5", "6"));
}

TEST_P(JournalConformance, ACursorContinuesWhereItStoodAlsoAfterARestart) {
  commit(telling({"1", "2"}));
  auto page = journal->read_events({}, 100);
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(page->events, SizeIs(2));
  EXPECT_EQ(page->next, journal->events_tail());
  commit(telling({"3"}));
  restart();
  commit(telling({"4"}));
  EXPECT_THAT(events(page->next), ElementsAre("3", "4"));
  auto nothing = journal->read_events(journal->events_tail(), 100);
  ASSERT_TRUE(nothing.ok());
  EXPECT_THAT(nothing->events, IsEmpty());
  EXPECT_EQ(nothing->next, journal->events_tail());
}

TEST_P(JournalConformance, ACursorOfAnEmptyLogIsGoodLater) {
  auto page = journal->read_events({}, 100);
  ASSERT_TRUE(page.ok());
  restart();
  commit(telling({"1"}));
  EXPECT_THAT(events(page->next), ElementsAre("1"));
}

TEST_P(JournalConformance, EventsOutliveTheRecordsTheyCameWith) {
  auto group = records({"record"});
  group.events = {"told"};
  const auto first = commit(group).first;
  commit(releasing({first}));
  upkeep();
  restart();
  upkeep();
  EXPECT_THAT(events(), ElementsAre("told"));
}

TEST_P(JournalConformance, ACursorOfAnotherLifeIsNotFound) {
  commit(telling({"1", "2"}));
  auto cursor = journal->events_tail();
  cursor.sequence -= 1;
  ++cursor.incarnation;
  EXPECT_EQ(verdict(journal->read_events(cursor, 10)), "error: not_found");
  restart();
  EXPECT_EQ(verdict(journal->read_events(cursor, 10)), "error: not_found");
}

TEST_P(JournalConformance, ACursorAheadOfTheLogIsInvalid) {
  commit(telling({"1", "2"}));
  auto cursor = journal->events_tail();
  cursor.sequence += 1;
  EXPECT_EQ(verdict(journal->read_events(cursor, 10)), "error: invalid");
  restart();
  EXPECT_EQ(verdict(journal->read_events(cursor, 10)), "error: invalid");
}

TEST_P(JournalConformance, AGapStopsThePageUntilItIsFilled) {
  commit(telling({"1"}));
  if (!subject->hide_events(true)) GTEST_SKIP() << "events appear in order";
  commit(telling({"2"}));
  subject->hide_events(false);
  commit(telling({"3"}));
  EXPECT_THAT(events(), ElementsAre("1"));
  auto page = journal->read_events({}, 10);
  ASSERT_TRUE(page.ok());
  subject->show_events();
  EXPECT_THAT(events(page->next), ElementsAre("2", "3"));
}

TEST_P(JournalConformance, OldEventsGoAndTheRestStays) {
  for (int i = 0; i < 10; ++i) commit(telling({"old"}));
  auto early = journal->read_events({}, 4);
  ASSERT_TRUE(early.ok());
  subject->clock.advance(std::chrono::hours(24 * 8));
  events_before = subject->clock.wall() - std::chrono::hours(24 * 7);
  for (const char* event : {"new 1", "new 2", "new 3"}) commit(telling({event}));
  upkeep();
  for (int i = 0; i < 2; ++i) {
    auto kept = events();
    ASSERT_GE(kept.size(), 3u);
    for (std::size_t old = 0; old + 3 < kept.size(); ++old) EXPECT_EQ(kept[old], "old");
    EXPECT_EQ(kept[kept.size() - 3], "new 1");
    EXPECT_EQ(kept.back(), "new 3");
    kept = events(early->next);
    ASSERT_GE(kept.size(), 3u) << "a cursor below the window continues at the oldest kept";
    EXPECT_EQ(kept.back(), "new 3");
    restart();
  }
}

// Ambiguity, fencing, failure

TEST_P(JournalConformance, AnAmbiguousCommitThatLandedIsFound) {
  if (!subject->break_next_commit(true, 2)) GTEST_SKIP() << "commits are never ambiguous";
  auto group = records({"a", "b"});
  group.events = {"told"};
  EXPECT_EQ(verdict(commit(std::vector<Group>{group})), "error: ambiguous");
  EXPECT_EQ(verdict(journal->landed(number)), "error: unavailable");
  EXPECT_EQ(verdict(journal->landed(number)), "error: unavailable");
  auto landed = journal->landed(number);
  ASSERT_TRUE(landed.ok());
  ASSERT_TRUE(landed->has_value());
  ASSERT_THAT(**landed, SizeIs(1));
  EXPECT_EQ(read({(**landed)[0].first.value + 1}), "b");
  EXPECT_THAT(events(), ElementsAre("told"));
}

TEST_P(JournalConformance, AnAmbiguousCommitThatDidNotLandMayBeCommittedAgain) {
  if (!subject->break_next_commit(false, 0)) GTEST_SKIP() << "commits are never ambiguous";
  auto group = records({"a"});
  group.events = {"told"};
  EXPECT_EQ(verdict(commit(std::vector<Group>{group})), "error: ambiguous");
  auto landed = journal->landed(number);
  ASSERT_TRUE(landed.ok());
  EXPECT_FALSE(landed->has_value());
  auto receipts = again();
  ASSERT_TRUE(receipts.ok());
  EXPECT_EQ(read((*receipts)[0].first), "a");
  EXPECT_THAT(events(), ElementsAre("told"));
  restart();
  EXPECT_THAT(live, SizeIs(1));
}

TEST_P(JournalConformance, AnotherNodeTakesOverOnlyAfterAFullTtlAndFencesTheOld) {
  const auto sequence = commit("hello");
  auto* rival = subject->open_rival();
  if (!rival) GTEST_SKIP() << "one node";
  std::vector<Sequence> told;
  const auto tell = [&](Sequence at, const Label&) { told.push_back(at); };
  EXPECT_EQ(verdict(rival->recover(tell)), "error: fenced");
  subject->clock.advance(subject->ttl - 1ms);
  commit("renews the lease");
  EXPECT_EQ(verdict(rival->recover(tell)), "error: fenced");
  subject->clock.advance(subject->ttl - 1ms);
  EXPECT_EQ(verdict(rival->recover(tell)), "error: fenced");
  EXPECT_TRUE(journal->lease().holds(subject->clock.monotonic()));
  subject->clock.advance(1ms);
  EXPECT_FALSE(journal->lease().holds(subject->clock.monotonic()))
      << "the old one knows before anybody takes over";
  auto taken = rival->recover(tell);
  ASSERT_TRUE(taken.ok());
  EXPECT_TRUE(taken->taken_over);
  EXPECT_GT(taken->epoch, journal->lease().epoch);
  EXPECT_THAT(told, SizeIs(2));
  const Sequence one[] = {sequence};
  EXPECT_THAT(*rival->read(one), ElementsAre("hello"));

  const auto before = rival->counters().live;
  EXPECT_EQ(verdict(commit(std::vector<Group>{records({"too late"})})), "error: fenced");
  EXPECT_EQ(verdict(journal->landed(1)), "error: fenced");
  EXPECT_EQ(verdict(journal->maintain(subject->clock.wall(), {})), "error: fenced");
  EXPECT_EQ(rival->counters().live, before);
}

TEST_P(JournalConformance, AfterAFailedSyncNothingCommitsBeforeARestart) {
  const auto sequence = commit("before");
  if (!subject->arm_sync_failure()) GTEST_SKIP() << "has no sync of its own";
  EXPECT_EQ(verdict(commit(std::vector<Group>{records({"lost?"})})), "error: io");
  EXPECT_EQ(verdict(commit(std::vector<Group>{records({"after"})})), "error: io");
  EXPECT_TRUE(journal->counters().failed);
  EXPECT_EQ(read(sequence), "before") << "what is durable can still be read";
  restart();
  EXPECT_EQ(read(sequence), "before");
  EXPECT_FALSE(journal->counters().failed);
  EXPECT_EQ(read(commit("works")), "works");
}

// Space

TEST_P(JournalConformance, IntakeIsRefusedAboveTheWatermarkWhileTheRoadPassesAndRoomComesBack) {
  if (!subject->limit(16 << 20)) GTEST_SKIP() << "cannot be limited";
  restart();
  std::vector<Sequence> stored;
  auto intake = records({std::string(200'000, 'x')});
  intake.purpose = Purpose::intake;
  const auto fill = [&]() -> std::string {
    for (int i = 0; i < 1000; ++i) {
      const bool refusing = journal->space().refusing;
      auto receipts = commit(std::vector<Group>{intake});
      EXPECT_TRUE(!refusing || !receipts.ok()) << "said to refuse, and did not";
      if (!receipts.ok()) return verdict(receipts);
      stored.push_back(receipts->front().first);
    }
    return "never full";
  };
  EXPECT_EQ(fill(), "error: exhausted");
  EXPECT_LE(journal->space().used, journal->space().limit);
  ASSERT_GE(stored.size(), 10u);
  EXPECT_EQ(journal->counters().live, stored.size()) << "a refused batch stored nothing";
  EXPECT_EQ(verdict(commit(std::vector<Group>{records({"road"}), intake})), "error: exhausted");
  EXPECT_EQ(journal->counters().live, stored.size()) << "nor did a mixed one";

  Group settle;
  settle.events = {"settled"};
  settle.releases = stored;
  commit(settle);
  upkeep();
  EXPECT_FALSE(journal->space().refusing);
  EXPECT_TRUE(commit(std::vector<Group>{intake}).ok());
  restart();
  EXPECT_THAT(live, SizeIs(1));
}

TEST_P(JournalConformance, CountersCount) {
  const auto before = journal->counters();
  ASSERT_TRUE(commit(std::vector<Group>{records({"a", "b"}), telling({"x"})}).ok());
  const auto first = commit("c");
  commit(releasing({first}));
  const auto after = journal->counters();
  EXPECT_EQ(after.batches - before.batches, 3u);
  EXPECT_EQ(after.groups - before.groups, 4u);
  EXPECT_GE(after.syncs - before.syncs, 3u);
  EXPECT_GT(after.bytes_written, before.bytes_written);
  EXPECT_EQ(after.live, 2u);
  EXPECT_FALSE(after.failed);
  EXPECT_GT(journal->space().limit, 0u);
}

TEST_P(JournalConformance, BehavesLikeItsModelUnderCrashes) {
  for (std::uint64_t seed = 1; seed <= 20 && !HasFailure(); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    auto fresh = GetParam().make(seed);
    run_journal_model(*fresh, seed, 400);
  }
}

}  // namespace postrider::testing

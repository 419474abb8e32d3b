// SPDX-License-Identifier: Apache-2.0
#include "readers/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crash_point.h"
#include "records/event.h"
#include "testing/fake_clock.h"
#include "testing/memory_log.h"
#include "testing/reference_journal.h"
#include "testing/stores.h"

namespace postrider::readers {
namespace {

using store::Kind;
using store::PlatformSql;
using ::testing::HasSubstr;

constexpr PlatformSql put_seen{
    "seen.put", Kind::system_write,
    "INSERT INTO seen (attempt, email) VALUES (?1, ?2) ON CONFLICT (attempt) DO NOTHING"};
constexpr PlatformSql count_seen{"seen.count", Kind::read, "SELECT COUNT(*) FROM seen"};

const store::Schema& seen_schema() {
  using enum store::DataClass;
  using enum store::Type;
  static const store::Schema all{"test",
                                 {{1,
                                   "seen",
                                   {store::CreateTable{"seen",
                                                       {{"attempt", integer, operational, store::forever},
                                                        {"email", text, personal_data, store::forever}},
                                                       "attempt"}}}},
                                 {&put_seen, &count_seen}};
  return all;
}

class Seen final : public Effect {
 public:
  std::string_view name() const override { return "seen"; }
  Result<void> apply(store::Transaction& tx, std::span<const Told> events) override {
    for (const auto& told : events) {
      const auto& event = std::get<Attempted>(told.event);
      PR_TRY(tx.execute(put_seen, event.attempt, event.email));
      last_told = told.sequence;
    }
    if (fails_after_writing) return *fails_after_writing;
    return {};
  }
  std::optional<Error> fails_after_writing;
  std::uint64_t last_told = 0;
};

struct Decision {
  Result<void> record(store::Transaction&) const { return {}; }
};

class ReaderTest : public testing::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped()) return;
    store = open({&schema(), &seen_schema()});
    open_journal();
    reader =
        std::make_unique<Reader>(*journal, *store, seen, log, Reader::Options{.stream = "a", .page = 10});
  }
  void TearDown() override {
#ifdef POSTRIDER_CRASH_POINTS
    crash::set_mutant(0);
#endif
  }

  void open_journal() {
    journal =
        std::make_unique<testing::ReferenceJournal>(*database, clock, testing::ReferenceJournal::Options{});
    ASSERT_TRUE(journal->recover([](journal::Sequence, const journal::Label&) {}).ok());
    number = 0;
  }
  void restart() {
    reader =
        std::make_unique<Reader>(*journal, *store, seen, log, Reader::Options{.stream = "a", .page = 10});
  }
  void write(int count) {
    journal::Group group;
    for (int i = 0; i < count; ++i) {
      Attempted event;
      event.at = clock.wall();
      event.recipient.message.bytes[0] = 1;
      event.attempt = ++written;
      event.email = "a@example.org";
      group.events.push_back(records::encode(Event(event)));
    }
    commit(std::move(group));
  }
  void write_bytes(std::string bytes) {
    journal::Group group;
    group.events.push_back(std::move(bytes));
    commit(std::move(group));
  }
  void commit(journal::Group group) { ASSERT_TRUE(journal->commit(++number, {&group, 1}).ok()); }

  std::int64_t seen_now() {
    auto tx = store->begin(store::Mode::read);
    return tx->query_one(count_seen).value()->integer(0);
  }
  Reader::Step step() { return reader->step(clock.wall()); }
  Reader::Step run() {
    auto last = step();
    for (int i = 0; i < 1000 && last == Reader::Step::worked; ++i) last = step();
    return last;
  }

  testing::FakeClock clock;
  testing::MemoryLog log;
  std::unique_ptr<testing::ReferenceDatabase> database = std::make_unique<testing::ReferenceDatabase>(1);
  std::unique_ptr<testing::ReferenceJournal> journal;
  std::unique_ptr<store::Store> store;
  Seen seen;
  std::unique_ptr<Reader> reader;
  std::uint64_t number = 0;
  std::uint16_t written = 0;
};

TEST_P(ReaderTest, follows_in_pages_to_the_end) {
  write(25);
  EXPECT_EQ(step(), Reader::Step::worked);
  EXPECT_EQ(seen_now(), 10);
  EXPECT_EQ(reader->status().lag, 15u);
  EXPECT_EQ(run(), Reader::Step::idle);
  EXPECT_EQ(seen_now(), 25);
  EXPECT_EQ(reader->status().lag, 0u);
  EXPECT_EQ(reader->status().upto, clock.wall());
  write(1);
  EXPECT_EQ(run(), Reader::Step::idle);
  EXPECT_EQ(seen_now(), 26);
  EXPECT_EQ(reader->status().applied, 26u);
}

TEST_P(ReaderTest, goes_on_after_a_restart_where_it_stopped) {
  write(15);
  EXPECT_EQ(step(), Reader::Step::worked);
  restart();
  EXPECT_EQ(run(), Reader::Step::idle);
  EXPECT_EQ(seen_now(), 15);
  EXPECT_EQ(reader->status().applied, 5u);
}

TEST_P(ReaderTest, an_effect_that_fails_leaves_nothing_and_is_tried_again) {
  write(15);
  for (const auto code : {Code::unavailable, Code::exhausted}) {
    seen.fails_after_writing = Error{code, "no room"};
    EXPECT_EQ(step(), Reader::Step::later);
    EXPECT_EQ(seen_now(), 0);
  }
  EXPECT_EQ(log.count(Level::warning), 1u) << "said once, not at every step";
  EXPECT_TRUE(log.has("reader_waits"));
  EXPECT_EQ(reader->status().waits, "no room");
  EXPECT_EQ(log.alarms(), 0u);
  seen.fails_after_writing.reset();
  EXPECT_EQ(run(), Reader::Step::idle);
  EXPECT_EQ(seen_now(), 15);
  EXPECT_TRUE(log.has("reader_goes_on"));
  EXPECT_EQ(reader->status().waits, "");
}

TEST_P(ReaderTest, the_journal_may_be_away) {
  write(5);
  database->set_reachable("a", false);
  EXPECT_EQ(step(), Reader::Step::later);
  database->set_reachable("a", true);
  EXPECT_EQ(run(), Reader::Step::idle);
  EXPECT_EQ(seen_now(), 5);
}

TEST_P(ReaderTest, being_told_again_changes_nothing) {
  write(12);
  EXPECT_EQ(run(), Reader::Step::idle);
  ASSERT_TRUE(reader->resume({}, clock.wall(), Decision{}).ok());
  EXPECT_EQ(run(), Reader::Step::idle);
  EXPECT_EQ(seen_now(), 12);
  EXPECT_EQ(reader->status().applied, 24u);
}

TEST_P(ReaderTest, what_cannot_be_read_is_set_aside) {
  write(3);
  write_bytes("\x01\x7f an event of a kind to come");
  write_bytes("");
  write(3);
  EXPECT_EQ(run(), Reader::Step::idle);
  EXPECT_EQ(seen_now(), 6);
  EXPECT_EQ(reader->status().set_aside, 2u);
  EXPECT_EQ(log.alarms(), 1u);
  // And again: the same rows.
  ASSERT_TRUE(reader->resume({}, clock.wall(), Decision{}).ok());
  EXPECT_EQ(run(), Reader::Step::idle);
  EXPECT_EQ(*sweep(*store, clock.wall() + std::chrono::days(29)), 0);
  EXPECT_EQ(*sweep(*store, clock.wall() + std::chrono::days(30)), 2);
}

TEST_P(ReaderTest, another_life_of_the_log_holds) {
  write(12);
  EXPECT_EQ(run(), Reader::Step::idle);
  database->start_new_life("a");
  write(3);
  EXPECT_EQ(step(), Reader::Step::held);
  EXPECT_EQ(step(), Reader::Step::held);
  EXPECT_EQ(log.alarms(), 1u);
  EXPECT_FALSE(reader->status().following);
  EXPECT_THAT(reader->status().held, HasSubstr("another life"));

  restart();
  EXPECT_EQ(step(), Reader::Step::held);
  EXPECT_EQ(log.alarms(), 2u);
  EXPECT_EQ(seen_now(), 12);

  ASSERT_TRUE(reader->resume({}, clock.wall(), Decision{}).ok());
  EXPECT_EQ(run(), Reader::Step::idle);
  EXPECT_TRUE(reader->status().following);
  EXPECT_EQ(seen_now(), 15);
}

TEST_P(ReaderTest, ahead_of_its_log_holds_even_when_the_log_has_grown_past) {
  write(20);
  EXPECT_EQ(run(), Reader::Step::idle);
  // The log comes back from a backup that is older than the store.
  database = std::make_unique<testing::ReferenceDatabase>(1);
  open_journal();
  write(5);
  restart();
  EXPECT_EQ(step(), Reader::Step::held);
  EXPECT_THAT(reader->status().held, HasSubstr("ahead of the log"));
  EXPECT_EQ(log.alarms(), 1u);
  write(30);
  restart();
  EXPECT_EQ(step(), Reader::Step::held);
  EXPECT_EQ(seen_now(), 20);
  ASSERT_TRUE(reader->resume(journal->events_tail(), clock.wall(), Decision{}).ok());
  EXPECT_EQ(run(), Reader::Step::idle);
  EXPECT_EQ(seen_now(), 20);
}

TEST_P(ReaderTest, a_cursor_that_somebody_else_moved_is_not_moved_again) {
  write(12);
  EXPECT_EQ(run(), Reader::Step::idle);
  const Place place{"seen", "a"};
  auto tx = store->begin(store::Mode::write);
  const auto at = progress(*tx, place).value().value();
  auto elsewhere = at.cursor;
  elsewhere.sequence -= 1;
  EXPECT_EQ(advance(*tx, place, elsewhere, at.cursor, clock.wall()).error().code, Code::fenced);
  EXPECT_TRUE(advance(*tx, place, at.cursor, at.cursor, clock.wall()).ok());
  ASSERT_TRUE(hold(*tx, place, "for a reason", clock.wall()).ok());
  EXPECT_EQ(advance(*tx, place, at.cursor, at.cursor, clock.wall()).error().code, Code::fenced);
}

#ifdef POSTRIDER_CRASH_POINTS
TEST_P(ReaderTest, mutant_14_is_seen) {
  write(12);
  crash::set_mutant(14);
  EXPECT_EQ(run(), Reader::Step::idle);
  EXPECT_NE(seen_now(), 12);
}
#endif

INSTANTIATE_TEST_SUITE_P(Engines, ReaderTest, testing::engines, testing::engine_name);

}  // namespace
}  // namespace postrider::readers

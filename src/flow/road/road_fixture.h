// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/stable_hash.h"
#include "flow/road/road.h"
#include "io/crash_file.h"
#include "records/accepted.h"
#include "records/event.h"
#include "records/kind.h"
#include "testing/fake_clock.h"
#include "testing/faulty_disk.h"
#include "testing/memory_log.h"
#include "testing/reference_journal.h"

// The road between a journal in memory and a test that plays the deliverer, by hand and one step at a time.
// Only tests include this.
namespace postrider {

// A journal whose next commits fail on request, and which offers for cleaning what a test wants cleaned.
class UnreliableJournal final : public journal::Journal {
 public:
  explicit UnreliableJournal(std::unique_ptr<journal::Journal> engine) : engine_(std::move(engine)) {}

  std::optional<Error> commits_fail;
  std::vector<LiveRecord> to_clean;
  mutable std::size_t reads = 0;

  Result<journal::Recovered> recover(const Live& live) override { return engine_->recover(live); }
  Result<std::vector<journal::Receipt>> commit(std::uint64_t number,
                                               std::span<const journal::Group> groups) override {
    if (commits_fail) return *commits_fail;
    return engine_->commit(number, groups);
  }
  Result<std::optional<std::vector<journal::Receipt>>> landed(std::uint64_t number) override {
    return engine_->landed(number);
  }
  Result<journal::Blob> stage(std::string_view bytes) override { return engine_->stage(bytes); }
  void unstage(const journal::Blob& blob) override { engine_->unstage(blob); }
  Result<std::vector<std::string>> read(std::span<const journal::Sequence> sequences) const override {
    ++reads;
    return engine_->read(sequences);
  }
  std::optional<journal::Claim> claim(std::uint64_t tenant, std::string_view key) const override {
    return engine_->claim(tenant, key);
  }
  bool may_claim(std::uint64_t tenant) const override { return engine_->may_claim(tenant); }
  Result<journal::EventPage> read_events(journal::Cursor after, std::size_t max) const override {
    return engine_->read_events(after, max);
  }
  journal::Cursor events_tail() const override { return engine_->events_tail(); }
  journal::Lease lease() const override { return engine_->lease(); }
  journal::Space space() const override { return engine_->space(); }
  journal::Counters counters() const override { return engine_->counters(); }
  Result<bool> maintain(Time now, Time before) override { return engine_->maintain(now, before); }
  std::vector<LiveRecord> worth_moving(std::size_t) const override { return to_clean; }
  Result<void> recall(const Wanted& wanted, const Live& live) const override {
    return engine_->recall(wanted, live);
  }
  journal::Sequence recallable() const override { return engine_->recallable(); }

 private:
  std::unique_ptr<journal::Journal> engine_;
};

class RoadFixture : public ::testing::Test {
 protected:
  RoadFixture() { start("a"); }

  // Dies and starts again: what is durable is all there is. Another node takes the stream over.
  void restart(const std::string& node = "a") {
    background.clear();
    road.reset();
    committer.reset();
    out.clear();
    start(node);
  }

  // Dies of its own doing, while a thread works on these, and starts again.
  void die_of(const MessageId& message, std::uint32_t first, std::uint32_t last) {
    death_ = io::CrashFile::Death{++deaths_, 11, {{message.bytes, first, last}}};
    restart();
  }

  // A request to these people, accepted now; they share one transaction when `send_at` has come.
  MessageId accept(const std::vector<std::string>& emails, Time send_at = {});
  // The road and the journal work until nothing moves any more.
  void work();
  void advance(Duration by) {  // in steps no longer than the road sleeps
    for (; by > Duration::zero(); by -= std::min<Duration>(by, std::chrono::seconds(60))) {
      clock.advance(std::min<Duration>(by, std::chrono::seconds(60)));
      work();
    }
  }

  // What the road has handed out, and what the test says became of it.
  Assignment take() {
    EXPECT_FALSE(out.empty()) << "nothing was handed out";
    if (out.empty()) return {};
    auto first = std::move(out.front());
    out.erase(out.begin());
    return first;
  }
  void tell(Report report) {
    road->reported(std::move(report));
    work();
  }
  void tell(Assignment assignment, Report::One result) { tell(report_of(std::move(assignment), result)); }
  static Report report_of(Assignment assignment, Report::One result);
  void hold_all();  // whoever is out or goes next: their content is damaged
  // An attempt's durable intent, as the courier writes it.
  journal::Sequence write_intent(const Assignment::To& to, const MessageId& message);

  std::vector<Attempted> attempts() const;  // every event about an attempt, oldest first
  std::uint64_t live() const { return journal->counters().live; }  // records a restart would find
  bool is_stored(journal::Sequence place) const { return journal->read({&place, 1}).ok(); }
  Recipient& recipient(const MessageId& id, std::uint32_t n = 0) { return *road->queue().find({id, n}); }
  Result<std::size_t> order(Road::Order what, std::optional<RecipientId> which = {}) {
    auto done = road->order(what, which, now());
    work();
    return done;
  }
  Time now() const { return clock.wall(); }

  static constexpr std::uint64_t tenant = 7;
  static constexpr auto max_age = std::chrono::hours(72);  // the default

  testing::FakeClock clock;
  testing::MemoryLog log;
  testing::ReferenceDatabase database{1};
  std::unique_ptr<UnreliableJournal> journal;
  std::unique_ptr<journal::Committer> committer;
  testing::FaultyDisk disk{1};  // where suspects stand
  std::unique_ptr<Suspects> suspects;
  std::unique_ptr<Road> road;
  std::optional<Error> commits_fail_after_restart;
  bool may_send = true;
  bool admissions_wait = false;  // what is durable is not told to the road
  std::vector<Admission> waiting_admissions;
  std::vector<Assignment> out;
  std::vector<Executor::Work> background;  // what the road has asked for beside it, done while work()

 private:
  void start(const std::string& node);
  std::optional<io::CrashFile::Death> death_;
  std::uint64_t deaths_ = 0;
  std::uint8_t messages_ = 0;
  std::uint64_t node_ = 0;
};

// What peers say.
inline Report::One answer(int code, std::string status, std::string text, At at = At::dot) {
  Report::One one;
  one.fate = Fate::answered;
  one.at = at;
  one.code = code;
  one.status = std::move(status);
  one.text = std::move(text);
  return one;
}
inline Report::One taken() {
  return answer(250, "2.0.0", "250 ok");
}
inline Report::One later() {
  return answer(451, "4.2.0", "451 busy");
}
inline Report::One silence() {
  Report::One one;
  one.fate = Fate::unknown;
  one.at = At::dot;
  one.text = "no answer to the final dot";
  return one;
}
inline Report::One unread(Reading content) {  // it, or (whole) what somebody beside it needs
  Report::One one;
  one.content = content;
  one.fate = Fate::local;
  one.text = "cannot be read";
  return one;
}

inline void RoadFixture::start(const std::string& node) {
  journal = std::make_unique<UnreliableJournal>(std::make_unique<testing::ReferenceJournal>(
      database, clock, testing::ReferenceJournal::Options{.node = node}));
  committer = std::make_unique<journal::Committer>(*journal, journal::Committer::Options{}, log);
  suspects = std::make_unique<Suspects>(disk);
  ASSERT_TRUE(suspects->load().ok());
  if (const auto death = std::exchange(death_, std::nullopt)) suspects->died(death->life, death->works);
  Road::Options options;
  options.suspects = suspects.get();
  options.node = node_ = stable_hash(node);
  options.background = [this](Executor::Work work) {
    background.push_back(std::move(work));
    return true;
  };
  road = std::make_unique<Road>(
      *journal, *committer, log, options, [this](TenantId) { return may_send; },
      [this](std::vector<Assignment> more) { std::ranges::move(more, std::back_inserter(out)); }, [] {},
      now());
  const journal::Journal::Live restore = [this](journal::Sequence at, const journal::Label& label) {
    road->restore(at, label);
  };
  auto recovered = journal->recover(restore);
  if (!recovered.ok()) {  // another node's stream: its lease must have run out before our eyes
    clock.advance(std::chrono::seconds(10));
    recovered = journal->recover(restore);
  }
  ASSERT_TRUE(recovered.ok());
  journal->commits_fail = std::exchange(commits_fail_after_restart, std::nullopt);
  road->restored(*recovered, now());
  work();
}

inline MessageId RoadFixture::accept(const std::vector<std::string>& emails, Time send_at) {
  Admission admission;
  admission.id.bytes[0] = ++messages_;
  admission.tenant = TenantId{tenant};
  const auto due = millis(std::max(now(), send_at));
  admission.since_ms = due;
  const auto kept = [&](records::Kind kind, std::uint32_t n, std::uint64_t lane, std::string bytes) {
    const journal::Label label{static_cast<std::uint8_t>(kind), admission.id.bytes, n, 0, due, lane};
    return journal::Entry{label, std::move(bytes), {}};
  };
  journal::Group group;
  group.purpose = journal::Purpose::intake;
  const auto recipients = static_cast<std::uint32_t>(emails.size());
  group.entries.push_back(kept(records::Kind::accepted, recipients, tenant, "content"));
  for (std::uint32_t n = 0; n < recipients; ++n) {
    group.entries.push_back(
        kept(records::Kind::queued, n, 1, records::encode(records::Queued{emails[n], 0})));
    admission.to.push_back({{}, n, due, 1});
  }
  committer->submit(std::move(group), [&](Result<journal::Receipt> receipt) {
    ASSERT_TRUE(receipt.ok());
    auto place = receipt->first.value;
    admission.accepted = journal::Sequence{place++};
    for (auto& to : admission.to) to.queued = journal::Sequence{place++};
    if (admissions_wait)
      waiting_admissions.push_back(admission);
    else
      road->admitted(admission);
  });
  work();
  return admission.id;
}

inline void RoadFixture::work() {
  using Step = journal::Committer::Step;
  for (int quiet = 0; quiet < 2;) {
    quiet = road->step(now()) <= now() ? 0 : quiet + 1;
    while (committer->commit_once() == Step::worked) quiet = 0;
    for (auto& task : std::exchange(background, {})) task(), quiet = 0;
  }
}

inline Report RoadFixture::report_of(Assignment assignment, Report::One result) {
  Report report;
  report.results.assign(assignment.to.size(), result);
  for (std::size_t i = 0; i < assignment.to.size(); ++i)
    report.results[i].email = "r" + std::to_string(assignment.to[i].n) + "@there.example";
  report.assignment = std::move(assignment);
  return report;
}

inline void RoadFixture::hold_all() {
  while (!out.empty()) tell(take(), unread(Reading::damaged));
}

inline journal::Sequence RoadFixture::write_intent(const Assignment::To& to, const MessageId& message) {
  journal::Group group;
  const journal::Label label{static_cast<std::uint8_t>(records::Kind::intent),
                             message.bytes,
                             to.n,
                             to.attempt,
                             millis(now()),
                             node_};
  group.entries.push_back({label, "", {}});
  journal::Sequence written;
  committer->submit(std::move(group), [&](Result<journal::Receipt> receipt) { written = receipt->first; });
  work();
  return written;
}

inline std::vector<Attempted> RoadFixture::attempts() const {
  std::vector<Attempted> all;
  const auto page = journal->read_events({}, 10'000);
  for (const auto& event : page->events)
    all.push_back(std::get<Attempted>(*records::decode_event(event.bytes)));
  return all;
}

}  // namespace postrider

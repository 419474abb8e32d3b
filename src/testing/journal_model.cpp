// SPDX-License-Identifier: Apache-2.0
#include "testing/journal_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "testing/seeded_random.h"

namespace postrider::testing {
namespace {

using namespace journal;
using namespace std::chrono_literals;

// What the journal must show.
struct State {
  struct Held {
    Label label;
    std::string bytes;
  };
  std::map<Sequence, Held> live;
  std::vector<Sequence> released;
  std::vector<std::string> events;
  std::map<std::pair<std::uint64_t, std::string>, Claim> claims;
};

class Run {
 public:
  Run(JournalUnderTest& subject, std::uint64_t seed) : subject_(subject), random_(seed) {}

  void go(int steps) {
    recover();
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE(::testing::Message() << "step " << i);
      subject_.clock.advance(std::chrono::milliseconds(random_.between(0, 200'000)));
      step();
    }
    if (::testing::Test::HasFailure()) return;
    restart();
  }

 private:
  void step() {
    const auto draw = random_.between(0, 99);
    if (draw < 60) return commit();
    if (draw < 70) return read_some();
    if (draw < 80) return follow_events();
    if (draw < 86) return maintain();
    if (draw < 88) return clean();
    if (draw < 92) return recall();
    if (draw < 94) return restart();
    die_in_commit();
  }

  // Groups, and what they would make of the state. Records are told apart by Label::n.
  struct Batch {
    std::vector<Group> groups;
    std::set<Sequence> touched;
  };

  Batch make_batch() {
    forget_expired_claims();
    Batch batch;
    for (auto count = random_.between(1, 4); count > 0; --count)
      batch.groups.push_back(make_group(batch.touched));
    return batch;
  }

  Group make_group(std::set<Sequence>& touched) {
    Group group;
    group.purpose = random_.one_in(2) ? Purpose::intake : Purpose::road;
    for (auto count = random_.between(0, 3); count > 0; --count) group.entries.push_back(make_entry());
    for (auto count = random_.between(0, 2); count > 0; --count) {
      if (auto from = pick_live(touched)) group.moves.push_back({from, make_label()});
    }
    const bool settles = state_.live.size() > 100 || random_.one_in(2);
    for (auto count = settles ? random_.between(0, 6) : 0; count > 0; --count) {
      if (auto sequence = pick_live(touched)) group.releases.push_back(sequence);
    }
    if (!state_.released.empty() && random_.one_in(8)) group.releases.push_back(state_.released.back());
    for (auto count = random_.between(0, 3); count > 0; --count) {
      group.events.push_back("event " + std::to_string(++names_) + std::string(random_.between(0, 300), '.'));
    }
    if (random_.one_in(6)) {
      group.claim = Claim{random_.between(1, 2),
                          std::to_string(random_.between(1, 4)),
                          {},
                          "answer " + std::to_string(++names_),
                          subject_.clock.wall() + 1h};
    }
    return group;
  }

  Entry make_entry() {
    static constexpr std::uint64_t sizes[] = {0, 40, 400, 3'000, 9'000, 60'000};
    const auto most = sizes[random_.one_in(20) ? 5 : random_.between(0, 4)];
    std::string bytes(random_.between(0, most), static_cast<char>(random_.word()));
    Entry made{make_label(), std::move(bytes), {}};
    if (random_.one_in(40)) {
      const std::string body(random_.between(Journal::inline_limit + 1, 2 * Journal::inline_limit),
                             static_cast<char>('a' + random_.between(0, 25)));
      auto blob = journal_->stage(body);
      EXPECT_TRUE(blob.ok());
      if (!blob.ok()) return made;
      made.blob = *blob;
      staged_[made.label.n] = body;
      made.bytes.clear();
    }
    return made;
  }

  Label make_label() {
    Label label;
    label.n = ++names_;
    label.kind = static_cast<std::uint8_t>(random_.between(1, 9));
    label.due_ms = random_.one_in(2) ? 0
                                     : millis(subject_.clock.wall()) +
                                           static_cast<std::int64_t>(random_.between(0, 10'000'000));
    label.lane = random_.word();
    return label;
  }

  Sequence pick_live(std::set<Sequence>& touched) {
    if (state_.live.empty()) return {};
    const auto from = std::next(state_.live.begin(),
                                static_cast<std::ptrdiff_t>(random_.between(0, state_.live.size() - 1)));
    return touched.insert(from->first).second ? from->first : Sequence{};
  }

  // Engines may learn the time by maintain only.
  void forget_expired_claims() {
    const auto now = subject_.clock.wall();
    if (std::erase_if(state_.claims, [&](const auto& claim) { return claim.second.expires <= now; }) > 0)
      maintain();
  }

  void commit() {
    const auto batch = make_batch();
    if (random_.one_in(10))
      subject_.break_next_commit(random_.one_in(2), static_cast<int>(random_.between(0, 2)));
    auto receipts = commit_settled(batch.groups);
    ASSERT_TRUE(receipts.ok()) << name(receipts.error().code) << " " << receipts.error().detail;
    apply(batch.groups, *receipts);
  }

  // Commits until it is known what became of it, or the process died.
  Result<std::vector<Receipt>> commit_settled(std::span<const Group> groups) {
    for (;;) {
      auto receipts = journal_->commit(++number_, groups);
      if (receipts.ok() || receipts.error().code != Code::ambiguous || subject_.crashed()) return receipts;
      auto landed = journal_->landed(number_);
      while (!landed.ok() && landed.error().code == Code::unavailable) landed = journal_->landed(number_);
      if (!landed.ok()) return landed.error();
      if (landed->has_value()) return std::move(**landed);
    }
  }

  void apply(const std::vector<Group>& groups, const std::vector<Receipt>& receipts) {
    ASSERT_EQ(receipts.size(), groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) apply(groups[i], receipts[i]);
  }

  void apply(const Group& group, const Receipt& receipt) {
    if (group.claim) {
      const auto [held, fresh] =
          state_.claims.try_emplace({group.claim->tenant, group.claim->key}, *group.claim);
      ASSERT_EQ(receipt.taken.has_value(), !fresh);
      if (!fresh) {
        EXPECT_EQ(receipt.taken->answer, held->second.answer);
        return;
      }
    }
    ASSERT_FALSE(receipt.taken.has_value());
    auto at = receipt.first;
    const auto place = [&](const Label& label, std::string bytes) {
      ASSERT_GT(at, highest_);
      highest_ = at;
      state_.live[at] = {label, std::move(bytes)};
      ++at.value;
    };
    for (const auto& entry : group.entries) place(entry.label, bytes_of(entry));
    for (const auto& move : group.moves) {
      place(move.label, state_.live[move.from].bytes);
      release(move.from);
    }
    for (auto sequence : group.releases) release(sequence);
    state_.events.insert(state_.events.end(), group.events.begin(), group.events.end());
  }

  std::string bytes_of(const Entry& entry) const {
    return entry.blob ? staged_.at(entry.label.n) : entry.bytes;
  }

  void release(Sequence sequence) {
    if (state_.live.erase(sequence) > 0) state_.released.push_back(sequence);
  }

  // The first group marks whether the batch is there: it has an entry and no claim.
  void die_in_commit() {
    auto batch = make_batch();
    auto& marked = batch.groups.front();
    marked.claim.reset();
    if (marked.entries.empty()) marked.entries.push_back(make_entry());
    if (!subject_.arm_crash(random_.between(0, 6))) return;
    auto receipts = commit_settled(batch.groups);
    if (receipts.ok()) {
      apply(batch.groups, *receipts);
    } else {
      ASSERT_TRUE(subject_.crashed()) << name(receipts.error().code);
    }
    subject_.crash();
    recover();
    if (receipts.ok()) return verify();
    const auto mark = batch.groups.front().entries.front().label.n;
    const bool there = std::ranges::any_of(told_, [&](const auto& told) { return told.second.n == mark; });
    if (there) apply(batch.groups, receipts_of(batch.groups));
    if (!::testing::Test::HasFailure()) verify();
  }

  // The receipts nobody got, from what recovery told and what the model knows of claims.
  std::vector<Receipt> receipts_of(const std::vector<Group>& groups) const {
    std::map<std::uint32_t, Sequence> places;
    for (const auto& [sequence, label] : told_) places[label.n] = sequence;
    std::vector<Receipt> receipts;
    auto claims = state_.claims;
    for (const auto& group : groups) {
      Receipt receipt;
      if (!group.entries.empty()) {
        receipt.first = places[group.entries.front().label.n];
      } else if (!group.moves.empty()) {
        receipt.first = places[group.moves.front().label.n];
      }
      if (group.claim) {
        const auto [held, fresh] = claims.try_emplace({group.claim->tenant, group.claim->key}, *group.claim);
        if (!fresh) receipt.taken = held->second;
      }
      receipts.push_back(std::move(receipt));
    }
    return receipts;
  }

  void read_some() {
    std::vector<Sequence> asked;
    for (const auto& [sequence, held] : state_.live) {
      if (asked.size() < 20 && random_.one_in(4)) asked.push_back(sequence);
    }
    std::ranges::reverse(asked);
    check_read(asked);
    if (state_.released.empty()) return;
    asked.push_back(state_.released[random_.between(0, state_.released.size() - 1)]);
    const auto bytes = journal_->read(asked);
    ASSERT_FALSE(bytes.ok());
    EXPECT_EQ(bytes.error().code, Code::not_found);
  }

  void check_read(const std::vector<Sequence>& asked) {
    const auto bytes = journal_->read(asked);
    ASSERT_TRUE(bytes.ok()) << name(bytes.error().code) << " " << bytes.error().detail;
    ASSERT_EQ(bytes->size(), asked.size());
    for (std::size_t i = 0; i < asked.size(); ++i) {
      ASSERT_TRUE((*bytes)[i] == state_.live[asked[i]].bytes) << "bytes of sequence " << asked[i].value;
    }
  }

  void follow_events() {
    auto page = journal_->read_events(cursor_, random_.between(1, 20));
    ASSERT_TRUE(page.ok());
    for (const auto& event : page->events) {
      ASSERT_LT(seen_, state_.events.size());
      ASSERT_EQ(event.bytes, state_.events[seen_++]);
    }
    cursor_ = page->next;
  }

  void maintain() {
    for (int steps = 0; steps < 1000; ++steps) {
      auto more = journal_->maintain(subject_.clock.wall(), {});
      ASSERT_TRUE(more.ok()) << name(more.error().code) << " " << more.error().detail;
      if (!*more || random_.one_in(4)) return;
    }
    FAIL() << "maintain never ends";
  }

  void clean() {
    Group group;
    for (const auto& record : journal_->worth_moving(8)) {
      ASSERT_TRUE(state_.live.contains(record.sequence)) << "worth moving, yet not live";
      EXPECT_EQ(record.label, state_.live[record.sequence].label);
      group.moves.push_back({record.sequence, record.label});
    }
    const auto receipts = commit_settled({&group, 1});
    ASSERT_TRUE(receipts.ok());
    apply({group}, *receipts);
  }

  // Whatever is told is live and wanted, and below the mark nothing is left out.
  void recall() {
    const auto wanted = [even = random_.one_in(2)](const Label& label) { return (label.n % 2 == 0) == even; };
    const auto below = journal_->recallable();
    std::map<Sequence, Label> told;
    auto asked = journal_->recall(wanted, [&](Sequence at, const Label& label) { told[at] = label; });
    if (!asked.ok()) {
      ASSERT_EQ(asked.error().code, Code::unavailable);
      return;
    }
    for (const auto& [at, label] : told) {
      ASSERT_TRUE(state_.live.contains(at)) << "told of " << at.value << ", which is not live";
      EXPECT_EQ(label, state_.live[at].label);
    }
    for (const auto& [at, held] : state_.live)
      if (at < below && wanted(held.label)) EXPECT_TRUE(told.contains(at)) << at.value << " was left out";
  }

  void restart() {
    subject_.crash();
    recover();
    if (!::testing::Test::HasFailure()) verify();
  }

  void recover() {
    journal_ = &subject_.open();
    number_ = 0;
    told_.clear();
    auto recovered = journal_->recover([&](Sequence at, const Label& label) { told_[at] = label; });
    ASSERT_TRUE(recovered.ok()) << name(recovered.error().code) << " " << recovered.error().detail;
    for (const auto& range : recovered->quarantined)
      ADD_FAILURE() << "quarantined " << range.where << ": " << range.why;
    EXPECT_GT(recovered->epoch, epoch_);
    epoch_ = recovered->epoch;
  }

  void verify() {
    std::map<Sequence, Label> expected;
    std::vector<Sequence> all;
    for (const auto& [sequence, held] : state_.live) {
      expected[sequence] = held.label;
      all.push_back(sequence);
    }
    ASSERT_EQ(told_.size(), expected.size());
    ASSERT_TRUE(told_ == expected) << "labels or places differ";
    EXPECT_EQ(journal_->counters().live, expected.size());
    check_read(all);
    maintain();
    auto more = journal_->maintain(subject_.clock.wall(), {});
    ASSERT_TRUE(more.ok());
    std::vector<std::string> events;
    for (Cursor at;;) {
      auto page = journal_->read_events(at, 100);
      ASSERT_TRUE(page.ok());
      if (page->events.empty()) break;
      for (auto& event : page->events) events.push_back(std::move(event.bytes));
      at = page->next;
    }
    ASSERT_EQ(events, state_.events);
    for (const auto& [key, claim] : state_.claims) {
      if (claim.expires <= subject_.clock.wall()) continue;
      const auto held = journal_->claim(key.first, key.second);
      ASSERT_TRUE(held.has_value());
      EXPECT_EQ(held->answer, claim.answer);
    }
  }

  JournalUnderTest& subject_;
  SeededRandom random_;
  Journal* journal_ = nullptr;
  State state_;
  std::map<std::uint32_t, std::string> staged_;  // by Label::n
  std::map<Sequence, Label> told_;
  Sequence highest_;
  Cursor cursor_;
  std::size_t seen_ = 0;
  std::uint64_t epoch_ = 0;
  std::uint64_t number_ = 0;
  std::uint32_t names_ = 0;
};

}  // namespace

void run_journal_model(JournalUnderTest& subject, std::uint64_t seed, int steps) {
  Run(subject, seed).go(steps);
}

}  // namespace postrider::testing

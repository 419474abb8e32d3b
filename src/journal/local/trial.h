// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "journal/local/local_under_test.h"

namespace postrider::journal::local {

// All that a journal shows: what a test expects, or what it got.
struct Shown {
  std::map<std::string, std::uint32_t> records;  // bytes of live records, and their label's n
  std::vector<std::string> events;
  std::set<std::string> claims;
  friend bool operator==(const Shown&, const Shown&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Shown& shown) {
    out << shown.records.size() << " records:";
    for (const auto& [bytes, n] : shown.records) out << ' ' << bytes.substr(0, 12) << '/' << n;
    out << "; " << shown.events.size() << " events:";
    for (const auto& event : shown.events) out << ' ' << event;
    out << "; claims:";
    for (const auto& claim : shown.claims) out << ' ' << claim;
    return out;
  }
};

// Drives one engine through a fixed script of every kind of group and keeps the books: what is acknowledged
// must be there, what was on its way when the lights went out must be there whole or not at all.
class Trial {
 public:
  explicit Trial(std::uint64_t seed, Options options = LocalUnderTest::small()) : on(seed, options) {}

  // Whether recovery succeeded; afterwards what is shown is compared with the books.
  bool start() {
    auto& journal = on.open();
    places_.clear();
    Shown shown;
    std::vector<Sequence> told;
    auto recovered = journal.recover([&](Sequence sequence, const Label& label) {
      told.push_back(sequence);
      labels_[sequence.value] = label;
    });
    if (!recovered.ok()) {
      EXPECT_TRUE(on.crashed()) << recovered.error().detail;
      return false;
    }
    quarantined = recovered->quarantined;
    for (auto sequence : told) {
      auto bytes = journal.read({&sequence, 1});
      if (!bytes.ok()) {
        ++unreadable;
        continue;
      }
      shown.records[bytes->front()] = labels_[sequence.value].n;
      places_[bytes->front()] = sequence;
    }
    shown.events = events();
    for (int i = 0; i < next_; ++i) {
      const auto key = "claim " + std::to_string(i);
      if (journal.claim(7, key)) shown.claims.insert(key);
    }
    now_ = shown;
    number_ = 0;
    return true;
  }

  // What is shown is what was acknowledged, and the group under way whole or not at all. The books go on from
  // there.
  bool consistent() {
    const bool landed = under_way_ && now_ == *under_way_;
    const bool well = (landed || now_ == books_) && unreadable == 0 && quarantined.empty();
    books_ = now_;
    under_way_.reset();
    return well;
  }
  void check() {
    const auto expected = books_;
    EXPECT_TRUE(consistent()) << "expected " << expected << "\nfound " << now_ << "\n"
                              << unreadable << " unreadable, " << quarantined.size() << " quarantined";
  }

  // The next step of the script. Whether the journal still lives.
  bool step() {
    const int i = next_++;
    Group group;
    auto after = books_;
    const auto id = std::to_string(i);
    bodies_.clear();
    const auto add = [&](std::string bytes, Blob blob) {
      after.records[bytes] = static_cast<std::uint32_t>(i);
      group.entries.push_back({label(i), blob ? "" : bytes, blob});
      bodies_.push_back(std::move(bytes));
    };
    add("record " + id, {});
    if (i % 3 == 0) add("long " + id + std::string(40'000, 'x'), {});
    if (i % 11 == 5) {
      const auto body = "blob " + id + std::string(300'000, 'y');
      auto blob = on.journal->stage(body);
      if (!blob.ok()) return false;
      add(body, *blob);
    }
    if (i % 4 == 2 && !places_.empty()) move(group, after, i);
    // Most go within the next few steps, the rest stays.
    std::erase_if(waiting_, [&](const std::string& bytes) {
      if (!places_.contains(bytes) || group.releases.size() > 6) return false;
      group.releases.push_back(places_[bytes]);
      after.records.erase(bytes);
      return true;
    });
    group.events = {"event " + id};
    after.events.push_back("event " + id);
    if (i % 5 == 0) {
      group.claim = Claim{7, "claim " + id, {}, "answer " + id, on.clock.wall() + std::chrono::hours(24)};
      after.claims.insert("claim " + id);
    }
    under_way_ = after;
    auto receipts = on.journal->commit(++number_, {&group, 1});
    if (!receipts.ok()) return false;
    books_ = after;
    under_way_.reset();
    keep_places(group, receipts->front());
    if (i % 25 != 4) waiting_.insert(bodies_.begin(), bodies_.end());
    if (i % 2 == 0) return upkeep(3);
    return true;
  }

  bool upkeep(int steps = 10'000) {
    for (int i = 0; i < steps; ++i) {
      auto more = on.journal->maintain(on.clock.wall(), {});
      if (!more.ok()) return false;
      if (!*more) break;
    }
    return true;
  }

  const Shown& books() const { return books_; }
  const Shown& shown() const { return now_; }

  LocalUnderTest on;
  std::vector<Quarantine> quarantined;
  int unreadable = 0;  // records told as live and not readable

 private:
  static Label label(int i) {
    Label made;
    made.kind = static_cast<std::uint8_t>(i % 4 + 1);
    made.owner[3] = static_cast<std::uint8_t>(i / 3);
    made.n = static_cast<std::uint32_t>(i);
    made.due_ms = i % 7 * 1000;
    made.lane = static_cast<std::uint64_t>(i) * 0x9E3779B97F4A7C15ull;
    return made;
  }

  void move(Group& group, Shown& after, int i) {
    auto at = places_.lower_bound("record");
    if (at == places_.end()) at = places_.begin();
    if (!after.records.contains(at->first) || waiting_.contains(at->first)) return;
    group.moves.push_back({at->second, label(i)});
    after.records[at->first] = static_cast<std::uint32_t>(i);
    moved_ = at->first;
  }

  void keep_places(const Group& group, const Receipt& receipt) {
    auto sequence = receipt.first.value;
    for (const auto& body : bodies_) places_[body] = {sequence++};
    for (std::size_t i = 0; i < group.moves.size(); ++i) places_[moved_] = {sequence++};
    std::erase_if(places_, [&](const auto& place) { return !books_.records.contains(place.first); });
  }

  std::vector<std::string> events() {
    std::vector<std::string> all;
    for (Cursor after;;) {
      auto page = on.journal->read_events(after, 7);
      EXPECT_TRUE(page.ok());
      if (!page.ok() || page->events.empty()) return all;
      for (auto& event : page->events) all.push_back(std::move(event.bytes));
      after = page->next;
    }
  }

  Shown books_, now_;
  std::optional<Shown> under_way_;
  std::map<std::string, Sequence> places_;
  std::map<std::uint64_t, Label> labels_;
  std::set<std::string> waiting_;    // to be released
  std::vector<std::string> bodies_;  // of the entries of the group under way
  std::string moved_;
  std::uint64_t number_ = 0;
  int next_ = 0;
};

}  // namespace postrider::journal::local

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "journal/journal.h"
#include "testing/fake_clock.h"

namespace postrider::testing {

// One engine with its stable storage, as the conformance suite handles it. The troubles an engine does not
// know answer false, and the tests about them are skipped.
class JournalUnderTest {
 public:
  virtual ~JournalUnderTest() = default;

  // A new journal on what is stored; not recovered yet. The one before is destroyed.
  virtual journal::Journal& open() = 0;
  // The process dies where it stands, by a power cut where that makes a difference, and whatever was armed is
  // off.
  virtual void crash() = 0;

  // Dies by itself at the step-th point (from 0) inside what is called next; crash() tidies up afterwards.
  virtual bool arm_crash(std::uint64_t step);
  virtual bool crashed() const { return false; }  // whether it came to that
  // The next sync fails.
  virtual bool arm_sync_failure() { return false; }
  // The next commit answers `ambiguous`, stored or not, and `asks` questions about it go unanswered.
  virtual bool break_next_commit(bool stored, int asks);
  // Events committed while hidden are not seen before they are shown, though later ones are.
  virtual bool hide_events(bool hide);
  virtual bool show_events() { return false; }
  // The same stream opened by another node; nullptr = this engine has one node. The suite moves `clock` by
  // `ttl`.
  virtual journal::Journal* open_rival() { return nullptr; }
  Duration ttl{};
  // Bytes the journal may use, from the next open on: small enough to be filled by a test.
  virtual bool limit(std::uint64_t bytes);

  FakeClock clock;
};

struct JournalEngine {
  std::string name;
  std::function<std::unique_ptr<JournalUnderTest>(std::uint64_t seed)> make;
  friend void PrintTo(const JournalEngine& engine, std::ostream* out) { *out << engine.name; }
};

inline bool JournalUnderTest::arm_crash(std::uint64_t) {
  return false;
}
inline bool JournalUnderTest::break_next_commit(bool, int) {
  return false;
}
inline bool JournalUnderTest::hide_events(bool) {
  return false;
}
inline bool JournalUnderTest::limit(std::uint64_t) {
  return false;
}

}  // namespace postrider::testing

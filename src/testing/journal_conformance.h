// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "journal/journal.h"
#include "testing/journal_under_test.h"

namespace postrider::testing {

// The contract of journal.h, sentence by sentence, for every engine. An engine's tests say
//
//   INSTANTIATE_TEST_SUITE_P(Local, JournalConformance, ::testing::Values(JournalEngine{"local", make}),
//   engine_name);
class JournalConformance : public ::testing::TestWithParam<JournalEngine> {
 protected:
  void SetUp() override;

  // Opens and recovers; `live` then holds what was told, by sequence.
  journal::Recovered start();
  journal::Recovered restart() {
    subject->crash();
    return start();
  }
  Result<std::vector<journal::Receipt>> commit(std::vector<journal::Group> groups);
  journal::Receipt commit(journal::Group group);     // which must succeed
  journal::Sequence commit(std::string_view bytes);  // one record
  Result<std::vector<journal::Receipt>> again();     // the same groups under the next number

  std::string read(journal::Sequence sequence) const;                    // the bytes, or "error: not_found"
  std::vector<std::string> events(journal::Cursor after = {}) const;     // all after the cursor, page by page
  std::string answer(std::uint64_t tenant, std::string_view key) const;  // of a claim, or "no claim"
  void upkeep();  // maintain until there is no more to do
  // A sentence about something that this engine cannot meet, not one it leaves out: noted, and no skip.
  void does_not_apply(const char* why) { RecordProperty("does_not_apply", why); }

  std::unique_ptr<JournalUnderTest> subject;
  journal::Journal* journal = nullptr;
  std::map<journal::Sequence, journal::Label> live;
  Time events_before{};
  std::uint64_t number = 0;

 private:
  std::vector<journal::Group> last_;
};

// Names the instances; naming it is also what makes the linker take the suite out of this library.
std::string engine_name(const ::testing::TestParamInfo<JournalEngine>& engine);

}  // namespace postrider::testing

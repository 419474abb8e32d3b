// SPDX-License-Identifier: Apache-2.0
#include "flow/outcome/outcome.h"

#include <gtest/gtest.h>

namespace postrider {
namespace {

struct Case {
  Fate fate;
  At at;
  int code;
  const char* status;
  const char* expected;
};

std::string verdict(const Outcome& outcome) {
  if (std::holds_alternative<Delivered>(outcome)) return "delivered";
  if (const auto* later = std::get_if<TryLater>(&outcome)) return later->slow_down ? "slower" : "later";
  return std::string(name(std::get<Refused>(outcome).refusal));
}

TEST(Classify, ReadsAnswersAsSenderGridDoes) {
  const Case cases[] = {
      {Fate::answered, At::dot, 250, "2.0.0", "delivered"},
      {Fate::answered, At::dot, 250, "", "delivered"},
      {Fate::answered, At::rcpt, 450, "4.2.1", "later"},
      {Fate::answered, At::rcpt, 421, "", "slower"},
      {Fate::answered, At::mail, 451, "4.7.1", "slower"},
      {Fate::answered, At::rcpt, 550, "5.1.1", "bounce"},
      {Fate::answered, At::rcpt, 550, "", "bounce"},
      {Fate::answered, At::mail, 550, "", "blocked"},
      {Fate::answered, At::dot, 550, "", "blocked"},
      {Fate::answered, At::rcpt, 550, "5.7.1", "blocked"},
      {Fate::answered, At::rcpt, 552, "5.2.2", "blocked"},
      {Fate::answered, At::rcpt, 550, "5.1.2", "invalid"},
      {Fate::answered, At::dot, 554, "5.1.1", "bounce"},
      {Fate::answered, At::rcpt, 599, "", "blocked"},
      {Fate::answered, At::dot, 354, "", "later"},
      {Fate::before, At::connect, 0, "", "later"},
      {Fate::unknown, At::dot, 0, "", "later"},
      {Fate::local, At::none, 0, "", "later"},
      {Fate::local, At::mail, 552, "5.3.4", "blocked"},
  };
  for (const auto& c : cases) {
    Report::One result;
    result.fate = c.fate;
    result.at = c.at;
    result.code = c.code;
    result.status = c.status;
    EXPECT_EQ(verdict(classify(result)), c.expected) << c.code << ' ' << c.status;
  }
}

}  // namespace
}  // namespace postrider

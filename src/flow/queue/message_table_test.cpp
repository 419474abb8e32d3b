// SPDX-License-Identifier: Apache-2.0
#include "flow/queue/message_table.h"

#include <gtest/gtest.h>

#include <set>

#include "testing/seeded_random.h"

namespace postrider {
namespace {

TEST(MessageTable, AgreesWithASetOverManyInsertsAndErases) {
  testing::SeededRandom random(7);
  MessageTable table;
  std::vector<std::unique_ptr<Message>> all;
  std::set<Message*> in;
  for (int step = 0; step < 20000; ++step) {
    if (in.empty() || random.below(5) < 3) {
      auto message = std::make_unique<Message>();
      // Few distinct homes, so that probing and closing of gaps are what is tested.
      message->id.bytes[0] = static_cast<std::uint8_t>(random.below(8));
      random.fill({message->id.bytes.data() + 8, 8});
      table.insert(message.get());
      in.insert(message.get());
      all.push_back(std::move(message));
    } else {
      auto victim = *std::next(
          in.begin(), static_cast<std::ptrdiff_t>(random.below(std::min<std::size_t>(in.size(), 50))));
      table.erase(victim);
      in.erase(victim);
      ASSERT_EQ(table.find(victim->id), nullptr);
    }
    if (step % 500 == 0)
      for (auto* message : in) ASSERT_EQ(table.find(message->id), message);
  }
  EXPECT_EQ(table.size(), in.size());
}

}  // namespace
}  // namespace postrider

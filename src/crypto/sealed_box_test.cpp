// SPDX-License-Identifier: Apache-2.0
#include "crypto/sealed_box.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace postrider {
namespace {

class SeededRandom : public Random {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(engine_());
  }

 private:
  std::mt19937 engine_{1};
};

RootKey key(std::uint8_t fill) {
  RootKey out;
  out.fill(fill);
  return out;
}

TEST(SealedBox, opens_what_it_sealed_at_the_same_place_only) {
  SeededRandom random;
  const SealedBox box(key(1), random);
  const auto sealed = box.seal("secret", "tenant 1");
  EXPECT_EQ(sealed.find("secret"), std::string::npos);
  EXPECT_EQ(box.open(sealed, "tenant 1").value(), "secret");
  EXPECT_EQ(box.open(sealed, "tenant 2").error().code, Code::corrupt);
}

TEST(SealedBox, every_changed_or_missing_byte_is_seen) {
  SeededRandom random;
  const SealedBox box(key(1), random);
  const auto sealed = box.seal("secret", "place");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 0x10);
    EXPECT_FALSE(box.open(changed, "place")) << i;
    EXPECT_FALSE(box.open(sealed.substr(0, i), "place")) << i;
  }
  EXPECT_FALSE(box.open(sealed + "x", "place"));
}

TEST(SealedBox, a_rotation_opens_old_seals_and_makes_new_ones) {
  SeededRandom random;
  const auto old = SealedBox(key(1), random).seal("secret", "place");
  const SealedBox rotating(key(2), random, {key(1)});
  EXPECT_EQ(rotating.open(old, "place").value(), "secret");
  const auto fresh = rotating.seal(rotating.open(old, "place").value(), "place");
  const SealedBox rotated(key(2), random);
  EXPECT_EQ(rotated.open(fresh, "place").value(), "secret");
  EXPECT_EQ(rotated.open(old, "place").error().code, Code::not_found);
}

TEST(SealedBox, seals_the_same_secret_differently_each_time) {
  SeededRandom random;
  const SealedBox box(key(1), random);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(box.seal("", "")).second);
  EXPECT_EQ(box.open(*seen.begin(), "").value(), "");
}

}  // namespace
}  // namespace postrider

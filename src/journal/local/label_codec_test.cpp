// SPDX-License-Identifier: Apache-2.0
#include "journal/local/label_codec.h"

#include <gtest/gtest.h>

#include "journal/local/zigzag.h"
#include "testing/seeded_random.h"

namespace postrider::journal::local {
namespace {

struct Said {
  Label label;
  Body body = Body::here;
};

std::string write(const std::vector<Said>& all) {
  Writer out;
  LabelContext context;
  for (const auto& said : all) context.write(said.label, said.body, 2, out);
  return out.take();
}

std::vector<Said> read(std::string_view bytes, std::size_t count) {
  Reader in(bytes);
  LabelContext context;
  std::vector<Said> all(count);
  for (auto& said : all) {
    const auto first = in.u8();
    EXPECT_EQ(first & 3, 2);
    context.read(first, in, said.label, said.body);
  }
  EXPECT_TRUE(in.done());
  return all;
}

TEST(LabelCodec, AnyLabelsComeBack) {
  testing::SeededRandom random(7);
  std::vector<Said> all;
  for (int i = 0; i < 2000; ++i) {
    Label label;
    label.kind = static_cast<std::uint8_t>(random.between(0, random.one_in(9) ? 255 : 5));
    label.owner[2] = static_cast<std::uint8_t>(random.between(0, 2));
    label.n = random.one_in(3) ? static_cast<std::uint32_t>(random.word())
                               : static_cast<std::uint32_t>(random.between(0, 3));
    label.attempt = static_cast<std::uint16_t>(random.one_in(2) ? 0 : random.word());
    label.due_ms = random.one_in(2) ? 0 : static_cast<std::int64_t>(random.word() >> random.between(0, 63));
    if (random.one_in(5)) label.due_ms = -label.due_ms;
    label.lane = random.word() >> (8 * random.between(0, 7));
    if (random.one_in(4)) label.lane = 0;
    all.push_back({label, static_cast<Body>(random.between(0, 3))});
  }
  const auto found = read(write(all), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(found[i].label, all[i].label) << i;
    EXPECT_EQ(found[i].body, all[i].body) << i;
  }
}

// What a request for many recipients costs: bytes of the journal are bytes of the disk.
TEST(LabelCodec, ARecipientOfTheSameMessageTakesElevenBytes) {
  std::vector<Said> all;
  Label accepted;
  accepted.kind = 1;
  accepted.owner.fill(0xab);
  accepted.n = 3;
  accepted.due_ms = 1'767'225'600'000;
  accepted.lane = 42;
  all.push_back({accepted});
  const auto alone = write(all).size();
  EXPECT_LE(alone, 32u);
  for (std::uint32_t n = 0; n < 100; ++n) {
    auto queued = accepted;
    queued.kind = 3;
    queued.n = n;
    queued.lane = 0x9E3779B97F4A7C15ull * (n + 1);
    all.push_back({queued});
  }
  EXPECT_LE(write(all).size() - alone, 100 * 11u);
}

TEST(LabelCodec, CutOrFlippedBytesNeverReadBeyondTheEnd) {
  std::vector<Said> all;
  for (std::uint32_t n = 0; n < 4; ++n) {
    Label label;
    label.kind = 3;
    label.owner[0] = static_cast<std::uint8_t>(n);
    label.n = n * 1000;
    label.attempt = 9;
    label.due_ms = 77;
    label.lane = ~0ull;
    all.push_back({label, Body::blob});
  }
  const auto bytes = write(all);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    for (unsigned flip = 0; flip < 256; flip += 5) {
      auto bad = bytes;
      bad[cut] = static_cast<char>(static_cast<unsigned char>(bad[cut]) ^ flip);
      for (const auto& text : {bad.substr(0, cut), bad}) {
        Reader in(text);
        LabelContext context;
        Label label;
        Body body{};
        while (!in.failed() && in.left() > 0) context.read(in.u8(), in, label, body);
      }
    }
  }
}

TEST(Zigzag, SmallBothWaysAndWrapsAtTheEnds) {
  EXPECT_EQ(zigzag(std::uint64_t{5}, std::uint64_t{5}), 0u);
  EXPECT_EQ(zigzag(std::uint64_t{4}, std::uint64_t{5}), 1u);
  EXPECT_EQ(zigzag(std::uint64_t{6}, std::uint64_t{5}), 2u);
  for (std::uint64_t a : {0ull, 1ull, 1ull << 63, ~0ull})
    for (std::uint64_t b : {0ull, 1ull, 1ull << 63, ~0ull}) EXPECT_EQ(unzigzag(zigzag(a, b), b), a);
}

}  // namespace
}  // namespace postrider::journal::local

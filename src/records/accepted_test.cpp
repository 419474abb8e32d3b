// SPDX-License-Identifier: Apache-2.0
#include "records/accepted.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "records/codec_properties.h"

namespace postrider::records {
namespace {

Personalization personalization() {
  Personalization one;
  one.to = {{"a@b.example", "Ann"}, {"c@d.example", ""}};
  one.cc = {{"e@f.example", "\xC3\x89ve"}};
  one.bcc = {{"g@h.example", ""}};
  one.subject = "for you";
  one.headers = {{"X-One", "1"}};
  one.substitutions = {{"%name%", "Ann"}, {"%empty%", ""}};
  one.custom_args = {{"order", "17"}};
  one.send_at = from_millis(1'800'000'000'123);
  return one;
}

Accepted accepted() {
  Accepted record;
  record.tenant = TenantId{300};
  record.key.bytes[15] = 9;
  record.at = from_millis(1'767'225'600'001);
  record.shared.from = {"me@example.com", "Me"};
  record.shared.reply_to = Contact{"you@example.com", ""};
  record.shared.subject = "news";
  record.shared.content = {{"text/plain", "hello"}, {"text/html", "<p>hello"}};
  record.shared.attachments = {{"image/png", "a.png", "logo", true, std::string("\0\xFF\n", 3)}};
  record.shared.headers = {{"X-Two", "2"}};
  record.shared.custom_args = {{"k", "v"}};
  record.shared.categories = {"weekly", ""};
  return record;
}

TEST(AcceptedRecord, KeepsEverything) {
  const auto before = accepted();
  const auto after = decode_accepted(encode(before)).value();
  EXPECT_EQ(after.tenant, before.tenant);
  EXPECT_EQ(after.key, before.key);
  EXPECT_EQ(after.at, before.at);
  EXPECT_EQ(after.shared, before.shared);
  EXPECT_EQ(after.only, std::nullopt);
}

TEST(AcceptedRecord, CarriesItsOnlyPersonalizationInside) {
  auto before = accepted();
  before.only = personalization();
  EXPECT_EQ(decode_accepted(encode(before))->only, personalization());
}

TEST(AcceptedRecord, NothingOptionalIsStillARecord) {
  Accepted bare;
  const auto after = decode_accepted(encode(bare)).value();
  EXPECT_EQ(after.shared, Shared{});
  EXPECT_FALSE(after.shared.reply_to);
}

TEST(VariantRecord, KeepsEverything) {
  EXPECT_EQ(decode_variant(encode(Variant{personalization()}))->personalization, personalization());
  EXPECT_EQ(decode_variant(encode(Variant{}))->personalization, Personalization{});
}

TEST(QueuedRecord, KeepsEverything) {
  for (const std::uint32_t variant : {0u, 127u, 128u, 0xFFFF'FFFFu}) {
    const auto after = decode_queued(encode(Queued{"a@b.example", variant})).value();
    EXPECT_EQ(after.email, "a@b.example");
    EXPECT_EQ(after.variant, variant);
  }
}

TEST(QueuedRecord, WithoutAnAddressIsDamaged) {
  const auto read = decode_queued(encode(Queued{"", 1}));
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, Code::corrupt);
  EXPECT_EQ(read.error().detail, "queued record does not parse");
}

TEST(QueuedRecord, ANumberBeyondItsFieldIsDamagedAndNotCut) {
  EXPECT_FALSE(decode_queued(std::string("\x01\x80\x80\x80\x80\x10", 6) + "a@b.example").ok());  // 2^32
}

// These bytes lie on disks: a change of them is a new format version.
TEST(Records, TheirBytesAreForEver) {
  EXPECT_EQ(hex(encode(Queued{"a@b.example", 300})), "01ac026140622e6578616d706c65");
  Personalization one;
  one.to = {{"a@b.c", "A"}};
  one.send_at = from_millis(1000);
  EXPECT_EQ(hex(encode(Variant{one})), "0101056140622e630141000000000000d00f");
  Accepted record;
  record.tenant = TenantId{7};
  record.at = from_millis(1);
  record.shared.from = {"m@e.c", ""};
  record.shared.content = {{"t", "x"}};
  EXPECT_EQ(hex(encode(record)), "0107" + std::string(32, '0') + "02" + "056d40652e6300" + "00" + "00" +
                                     "0101740178" + "00000000" + "00");
}

TEST(Records, CutAnywhereAreErrors) {
  auto whole = accepted();
  whole.only = personalization();
  expect_cut_anywhere_is_corrupt(encode(whole), decode_accepted);
  expect_cut_anywhere_is_corrupt(encode(Variant{personalization()}), decode_variant);
  expect_corrupt(std::string_view(encode(Queued{"a", 1})).substr(0, 2), decode_queued);
}

TEST(Records, OfANewerFormatAreErrorsThatSayWhich) {
  for (const auto format : {0, 2, 255}) {
    const auto newer = static_cast<char>(format) + encode(Queued{"a@b.example", 1}).substr(1);
    const auto read = decode_queued(newer);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().code, Code::corrupt);
    EXPECT_EQ(read.error().detail, "queued record of format " + std::to_string(format));
    EXPECT_FALSE(decode_accepted(static_cast<char>(format) + encode(accepted()).substr(1)).ok());
    EXPECT_FALSE(
        decode_variant(static_cast<char>(format) + encode(Variant{personalization()}).substr(1)).ok());
  }
}

TEST(Records, WithSomethingBehindThemAreErrors) {
  expect_corrupt(encode(accepted()) + '\0', decode_accepted);
  expect_corrupt(encode(Variant{personalization()}) + '\0', decode_variant);
}

TEST(Records, DamagedAnyhowNeverCrashAndReadTheSameTwice) {
  auto whole = accepted();
  whole.only = personalization();
  const auto again = [](const auto& value) { return encode(value); };
  expect_damage_is_survived(encode(whole), decode_accepted, again);
  expect_damage_is_survived(encode(Variant{personalization()}), decode_variant, again);
  expect_damage_is_survived(encode(Queued{"a@b.example", 300}), decode_queued, again);
}

}  // namespace
}  // namespace postrider::records

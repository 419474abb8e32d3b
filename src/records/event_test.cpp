// SPDX-License-Identifier: Apache-2.0
#include "records/event.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "records/codec_properties.h"

namespace postrider::records {
namespace {

Attempted attempted(EventKind kind = EventKind::bounce) {
  Attempted event;
  event.kind = kind;
  event.at = from_millis(1'767'225'600'001);
  event.tenant = TenantId{300};
  event.recipient.message.bytes[0] = 5;
  event.recipient.n = 0xFFFF'FFFF;
  event.email = "a@b.example";
  event.attempt = 0xFFFF;
  event.refusal = Refusal::invalid;
  event.possible_duplicate = true;
  event.response = "550 5.1.1 no";
  event.status = "5.1.1";
  event.ip = "2001:db8::1";
  event.tls_version = "TLSv1.3";
  event.tls_cipher = "TLS_AES_256_GCM_SHA384";
  return event;
}

Processed processed() {
  Processed event;
  event.at = from_millis(1'767'225'600'001);
  event.tenant = TenantId{7};
  event.key.bytes[3] = 1;
  event.message.bytes[4] = 2;
  event.from = "me@example.com";
  event.subject = "n\xC3\xBC";
  event.categories = {"weekly"};
  event.custom_args = {{"campaign", "spring"}};
  event.parts = {{"own", {{"order", "17"}}, {{0, "a@b.example", {}}, {1, "c@d.example", from_millis(5)}}},
                 {"", {}, {{2, "e@f.example", {}}}}};
  return event;
}

TEST(EventRecord, AnAttemptKeepsEverything) {
  for (const auto kind : {EventKind::deferred, EventKind::delivered, EventKind::bounce, EventKind::dropped}) {
    const auto before = attempted(kind);
    const auto after = std::get<Attempted>(decode_event(encode(before)).value());
    EXPECT_EQ(after.kind, kind);
    EXPECT_EQ(after.at, before.at);
    EXPECT_EQ(after.tenant, before.tenant);
    EXPECT_EQ(after.recipient, before.recipient);
    EXPECT_EQ(after.email, before.email);
    EXPECT_EQ(after.attempt, before.attempt);
    EXPECT_EQ(after.refusal, before.refusal);
    EXPECT_EQ(after.response, before.response);
    EXPECT_EQ(after.status, before.status);
    EXPECT_EQ(after.ip, before.ip);
    EXPECT_EQ(after.tls_version, before.tls_version);
    EXPECT_EQ(after.tls_cipher, before.tls_cipher);
  }
}

TEST(EventRecord, FlagsAreKeptApart) {
  for (const bool duplicate : {false, true}) {
    for (const bool certificate : {false, true}) {
      for (const auto policy : {TlsPolicy::none, TlsPolicy::cleartext, TlsPolicy::opportunistic,
                                TlsPolicy::remembered, TlsPolicy::required}) {
        auto before = attempted();
        before.possible_duplicate = duplicate;
        before.certificate_valid = certificate;
        before.tls_policy = policy;
        const auto after = std::get<Attempted>(decode_event(encode(before)).value());
        EXPECT_EQ(after.possible_duplicate, duplicate);
        EXPECT_EQ(after.certificate_valid, certificate);
        EXPECT_EQ(after.tls_policy, policy);
      }
    }
  }
}

TEST(EventRecord, ARequestKeepsEverything) {
  const auto before = processed();
  const auto after = std::get<Processed>(decode_event(encode(before)).value());
  EXPECT_EQ(after.at, before.at);
  EXPECT_EQ(after.tenant, before.tenant);
  EXPECT_EQ(after.key, before.key);
  EXPECT_EQ(after.message, before.message);
  EXPECT_EQ(after.from, before.from);
  EXPECT_EQ(after.subject, before.subject);
  EXPECT_EQ(after.categories, before.categories);
  EXPECT_EQ(after.custom_args, before.custom_args);
  ASSERT_EQ(after.parts.size(), 2u);
  EXPECT_EQ(after.parts[0].subject, "own");
  EXPECT_EQ(after.parts[0].custom_args, before.parts[0].custom_args);
  ASSERT_EQ(after.parts[0].recipients.size(), 2u);
  EXPECT_EQ(after.parts[0].recipients[1].n, 1u);
  EXPECT_EQ(after.parts[0].recipients[1].email, "c@d.example");
  EXPECT_EQ(after.parts[0].recipients[1].send_at, from_millis(5));
  EXPECT_EQ(after.parts[1].recipients[0].send_at, Time{});
}

TEST(EventRecord, ItsBytesAreForEver) {
  Attempted small;
  small.kind = EventKind::delivered;
  small.at = from_millis(1);
  small.tenant = TenantId{7};
  small.recipient.n = 2;
  small.email = "a@b.c";
  small.attempt = 1;
  small.possible_duplicate = true;
  small.status = "2.0.0";
  EXPECT_EQ(hex(encode(small)),
            "0203"
            "0207" +
                std::string(32, '0') +
                "02"
                "056140622e63"
                "01"
                "00"
                "01"
                "00"
                "05322e302e30"
                "000000");
}

TEST(EventRecord, UnknownKindsAndRefusalsAreErrors) {
  const auto known = encode(attempted());
  for (int kind = 0; kind < 256; ++kind) {
    auto bytes = known;
    bytes[1] = static_cast<char>(kind);
    EXPECT_EQ(decode_event(bytes).ok(), kind >= 2 && kind <= 5) << kind;
  }
  auto odd = attempted();
  odd.refusal = Refusal{4};
  expect_corrupt(encode(odd), decode_event);
}

TEST(EventRecord, ANewerFormatIsAnErrorThatSaysWhich) {
  const auto read = decode_event("\x03" + encode(attempted()).substr(1));
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().detail, "event of format 3");
}

// Then every part had the request's arguments merged with its own.
TEST(EventRecord, TheFormatBeforeIsRead) {
  const auto zero = [](int bytes) { return std::string(static_cast<std::size_t>(bytes), '\0'); };
  const auto bytes = std::string("\x01\x01\x02\x07") + zero(16) + zero(16) + "\x05" + "a@b.c" + "\x01" + "s" +
                     zero(1) + "\x01" + zero(1) + "\x01" + "\x01k\x01v" + "\x01" + zero(1) + "\x05" +
                     "d@e.f" + zero(1);
  const auto event = std::get<Processed>(decode_event(bytes).value());
  EXPECT_EQ(event.tenant, TenantId{7});
  EXPECT_TRUE(event.custom_args.empty());
  ASSERT_EQ(event.parts.size(), 1u);
  EXPECT_EQ(custom_args_of(event, event.parts[0]), (std::vector<Pair>{{"k", "v"}}));
  EXPECT_EQ(event.parts[0].recipients.at(0).email, "d@e.f");
  EXPECT_TRUE(decode_event("\x01" + encode(attempted()).substr(1)).ok());
}

TEST(EventRecord, CutAnywhereIsAnError) {
  expect_cut_anywhere_is_corrupt(encode(attempted()), decode_event);
  expect_cut_anywhere_is_corrupt(encode(processed()), decode_event);
}

TEST(EventRecord, ACountBeyondWhatIsThereDoesNotTakeMemoryFirst) {
  auto huge = encode(Processed{});
  huge.resize(huge.size() - 1);
  expect_corrupt(huge + "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", decode_event);
}

TEST(EventRecord, DamagedAnyhowNeverCrashesAndReadsTheSameTwice) {
  const auto again = [](const Event& event) { return encode(event); };
  expect_damage_is_survived(encode(attempted()), decode_event, again);
  expect_damage_is_survived(encode(processed()), decode_event, again);
}

}  // namespace
}  // namespace postrider::records

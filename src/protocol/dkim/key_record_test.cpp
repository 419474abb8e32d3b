// SPDX-License-Identifier: Apache-2.0
#include "protocol/dkim/key_record.h"

#include <gtest/gtest.h>

#include "protocol/dkim/tag_list.h"

namespace postrider::dkim {
namespace {

const std::string ed25519 = "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

std::string refusal(std::string_view txt) {
  const auto record = parse_key_record(txt);
  return record ? "accepted" : record.error().detail;
}

TEST(KeyRecord, reads_back_what_it_writes) {
  for (const auto type : {KeyType::rsa, KeyType::ed25519}) {
    const auto key = SigningKey::generate(type).public_key();
    const auto record = key_record(key);
    EXPECT_TRUE(
        record.starts_with(type == KeyType::rsa ? "v=DKIM1; k=rsa; p=MIIB" : "v=DKIM1; k=ed25519; p="));
    std::string joined;
    for (const auto& piece : txt_strings(record)) {
      EXPECT_LE(piece.size(), 255u);
      joined += piece;
    }
    EXPECT_EQ(joined, record);
    const auto read = parse_key_record(record);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->key.raw(), key.raw());
    EXPECT_FALSE(read->testing || read->same_domain_only);
  }
  EXPECT_EQ(key_record_name("s1", "example.com"), "s1._domainkey.example.com");
}

TEST(KeyRecord, reads_flags_lists_and_folds) {
  const auto record = parse_key_record("v=DKIM1;h=sha1 : sha256; s=other:email;t=y:s:z; n=note; k=ed25519; " +
                                       ed25519 + " ;");
  ASSERT_TRUE(record);
  EXPECT_TRUE(record->testing);
  EXPECT_TRUE(record->same_domain_only);
  EXPECT_TRUE(parse_key_record("k=ed25519; p=11qYAYKxCrfVS/7TyWQHO \r\n g7hcvPapiMlrwIaaPcHURo="));
  EXPECT_TRUE(parse_key_record("k=ed25519; s=*; " + ed25519));
}

TEST(KeyRecord, refuses_what_is_not_for_us) {
  EXPECT_EQ(refusal("k=ed25519; v=DKIM1; " + ed25519), "not a DKIM1 key record");
  EXPECT_EQ(refusal("v=DKIM2; k=ed25519; " + ed25519), "not a DKIM1 key record");
  EXPECT_EQ(refusal("v=DKIM1; k=ed25519; h=sha1; " + ed25519), "the key is not for SHA-256");
  EXPECT_EQ(refusal("v=DKIM1; k=ed25519; s=tlsrpt; " + ed25519), "the key is not for mail");
  EXPECT_EQ(refusal("v=DKIM1; k=dsa; " + ed25519), "an unknown type of key");
  EXPECT_EQ(refusal("v=DKIM1; k=ed25519"), "a key record without a key");
  EXPECT_EQ(refusal("v=DKIM1; k=ed25519; p=***"), "the key is not base64");
  EXPECT_EQ(refusal("v=DKIM1; " + ed25519), "not a key");  // the RSA that k= stands for when absent
  EXPECT_EQ(refusal("v=spf1 -all"), "not a DKIM1 key record");
  EXPECT_EQ(parse_key_record("v=DKIM1; k=rsa; p=").error().code, Code::forbidden);
}

TEST(TagList, is_strict_about_names_and_doubles) {
  EXPECT_TRUE(TagList::parse(""));
  EXPECT_TRUE(TagList::parse(" a = 1 ;\r\n b=2; "));
  EXPECT_EQ(TagList::parse(" a = x y ;").value().find("a"), "x y");
  EXPECT_EQ(TagList::parse("a=1=2; b=").value().find("a"), "1=2");
  EXPECT_EQ(TagList::parse("a=1=2; b=").value().find("b"), "");
  for (const auto* text : {"a=1; a=2", "a", "=1", "a=1;;b=2", "1a=x", "a b=x", "a=1; b"})
    EXPECT_FALSE(TagList::parse(text)) << text;
}

}  // namespace
}  // namespace postrider::dkim

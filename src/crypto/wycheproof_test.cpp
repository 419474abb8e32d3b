// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/text.h"
#include "crypto/aead.h"
#include "crypto/sha256.h"
#include "crypto/signing_key.h"
#include "testing/shared.h"

namespace postrider {
namespace {

// One test: its fields, over those of its group.
using Case = std::map<std::string, std::string, std::less<>>;

std::string bytes(const Case& test, std::string_view name) {
  const auto field = test.find(name);
  EXPECT_NE(field, test.end()) << "no field " << name;
  auto out = unhex(field->second);
  EXPECT_TRUE(out) << name;
  return out.value_or("");
}

// Wycheproof files hold one field a line, and a test's last field is its result: no JSON reader is needed.
// Returns how many tests ran.
int for_each_case(std::string_view file, const std::function<void(const Case&, bool valid)>& run) {
  const auto path = testing::shared_corpus("wycheproof/" + std::string(file));
  if (!path) return -1;
  const std::string text = testing::read_file(*path);
  Case test;
  int count = 0;
  for (std::size_t from = 0; from < text.size();) {
    const auto end = std::min(text.find('\n', from), text.size());
    auto line = trim(std::string_view(text).substr(from, end - from));
    from = end + 1;
    if (line.ends_with(',')) line.remove_suffix(1);
    const auto colon = line.find("\": ");
    if (!line.starts_with('"') || colon == std::string_view::npos) continue;
    const auto name = line.substr(1, colon - 1);
    auto value = line.substr(colon + 3);
    if (value.starts_with('"')) value = value.substr(1, value.size() - 2);
    test.insert_or_assign(std::string(name), std::string(value));
    if (name != "result") continue;
    SCOPED_TRACE(test["tcId"] + " " + test["comment"]);
    run(test, value == "valid");
    ++count;
  }
  return count;
}

TEST(Wycheproof, aes_256_gcm) {
  int ours = 0;
  const int all = for_each_case("aes_gcm_test.json", [&](const Case& test, bool valid) {
    const auto key = bytes(test, "key"), iv = bytes(test, "iv");
    if (key.size() != aead_key_size || iv.size() != aead_nonce_size) return;  // not a form that Aead has
    ++ours;
    Aead aead(AeadKey(reinterpret_cast<const std::uint8_t*>(key.data()), aead_key_size));
    const AeadNonce nonce(reinterpret_cast<const std::uint8_t*>(iv.data()), aead_nonce_size);
    const auto sealed = bytes(test, "ct") + bytes(test, "tag");
    const auto opened = aead.open(nonce, bytes(test, "aad"), sealed);
    EXPECT_EQ(opened.ok(), valid);
    if (!valid) return;
    EXPECT_EQ(*opened, bytes(test, "msg"));
    std::string again = "before";
    aead.seal(nonce, bytes(test, "aad"), bytes(test, "msg"), again);
    EXPECT_EQ(again, "before" + sealed);
  });
  if (all < 0) GTEST_SKIP() << "corpora not found";
  EXPECT_EQ(all, 316);
  EXPECT_EQ(ours, 66);
}

TEST(Wycheproof, hmac_sha256) {
  const int all = for_each_case("hmac_sha256_test.json", [](const Case& test, bool valid) {
    const auto tag = bytes(test, "tag");
    const Digest digest = hmac_sha256(bytes(test, "key"), bytes(test, "msg"));
    EXPECT_EQ(constant_time_equal(bytes_of(digest).substr(0, tag.size()), tag), valid);
  });
  if (all < 0) GTEST_SKIP() << "corpora not found";
  EXPECT_EQ(all, 174);
}

TEST(Wycheproof, hkdf_sha256) {
  int ours = 0;
  const int all = for_each_case("hkdf_sha256_test.json", [&](const Case& test, bool valid) {
    const auto size = static_cast<std::size_t>(std::stoul(test.find("size")->second));
    if (!valid) {  // the only way to be invalid is a size that HKDF does not have, which is our caller's bug
      EXPECT_GT(size, 255u * 32u);
      return;
    }
    ++ours;
    EXPECT_EQ(hkdf_sha256(bytes(test, "ikm"), bytes(test, "salt"), bytes(test, "info"), size),
              bytes(test, "okm"));
  });
  if (all < 0) GTEST_SKIP() << "corpora not found";
  EXPECT_EQ(all, 86);
  EXPECT_GT(ours, 80);
}

TEST(Wycheproof, rsa_2048_sha256) {
  const int all = for_each_case("rsa_signature_2048_sha256_test.json", [](const Case& test, bool valid) {
    if (test.find("result")->second == "acceptable")
      return;  // a missing NULL in the padding: either is right
    const auto message = bytes(test, "msg"), signature = bytes(test, "sig");
    for (const auto* form : {"publicKeyDer", "publicKeyAsn"}) {
      const auto key = PublicKey::from_rsa_der(bytes(test, form));
      ASSERT_TRUE(key) << form;
      EXPECT_EQ(key->bits(), 2048);
      EXPECT_EQ(key->verify_digest(sha256(message), signature), valid);
    }
  });
  if (all < 0) GTEST_SKIP() << "corpora not found";
  EXPECT_EQ(all, 259);
}

TEST(Wycheproof, ed25519) {
  const int all = for_each_case("ed25519_test.json", [](const Case& test, bool valid) {
    const auto key = PublicKey::from_ed25519(bytes(test, "pk"));
    ASSERT_TRUE(key);
    EXPECT_EQ(key->raw(), bytes(test, "pk"));
    EXPECT_EQ(key->der(), bytes(test, "publicKeyDer"));
    EXPECT_EQ(key->verify(bytes(test, "msg"), bytes(test, "sig")), valid);
  });
  if (all < 0) GTEST_SKIP() << "corpora not found";
  EXPECT_EQ(all, 151);
}

}  // namespace
}  // namespace postrider

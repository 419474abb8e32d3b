// SPDX-License-Identifier: Apache-2.0
#include "crypto/signing_key.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/encoding.h"

namespace postrider {
namespace {

const Digest digest = sha256("what is signed");
const Digest other = sha256("something else");

class SigningKeyTest : public ::testing::TestWithParam<KeyType> {};
INSTANTIATE_TEST_SUITE_P(each, SigningKeyTest, ::testing::Values(KeyType::rsa, KeyType::ed25519),
                         [](const auto& type) { return type.param == KeyType::rsa ? "rsa" : "ed25519"; });

TEST_P(SigningKeyTest, signs_what_its_public_half_verifies) {
  const auto key = SigningKey::generate(GetParam());
  EXPECT_EQ(key.type(), GetParam());
  const auto signature = key.sign_digest(digest);
  ASSERT_TRUE(signature);
  EXPECT_TRUE(key.public_key().verify_digest(digest, *signature));
  EXPECT_FALSE(key.public_key().verify_digest(other, *signature));
  for (std::size_t i : {std::size_t{0}, signature->size() / 2, signature->size() - 1}) {
    auto changed = *signature;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(key.public_key().verify_digest(digest, changed));
  }
  EXPECT_FALSE(key.public_key().verify_digest(digest, ""));
}

TEST_P(SigningKeyTest, survives_its_encodings) {
  const auto key = SigningKey::generate(GetParam());
  const auto again = SigningKey::from_pkcs8_der(key.to_pkcs8_der());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->sign_digest(digest).value(),
            key.sign_digest(digest).value());  // both kinds are deterministic
  const auto published = GetParam() == KeyType::rsa ? PublicKey::from_rsa_der(key.public_key_der())
                                                    : PublicKey::from_ed25519(key.public_key_der());
  ASSERT_TRUE(published);
  EXPECT_TRUE(published->verify_digest(digest, key.sign_digest(digest).value()));
}

TEST_P(SigningKeyTest, refuses_damaged_private_keys) {
  const auto der = SigningKey::generate(GetParam()).to_pkcs8_der();
  EXPECT_FALSE(SigningKey::from_pkcs8_der(""));
  EXPECT_FALSE(SigningKey::from_pkcs8_der(der + "x"));
  for (std::size_t size = 0; size < der.size(); size += 7)
    EXPECT_FALSE(SigningKey::from_pkcs8_der(der.substr(0, size)));
}

TEST_P(SigningKeyTest, many_threads_sign_with_one_key) {
  const auto key = SigningKey::generate(GetParam());
  const auto expected = key.sign_digest(digest).value();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n) EXPECT_EQ(key.sign_digest(digest).value(), expected);
    });
  for (auto& thread : threads) thread.join();
}

TEST(SigningKey, an_rsa_half_that_does_not_fit_is_refused) {
  auto der = SigningKey::generate(KeyType::rsa).to_pkcs8_der();
  der[60] = static_cast<char>(der[60] ^ 1);  // within the modulus
  EXPECT_FALSE(SigningKey::from_pkcs8_der(der));
}

TEST(SigningKey, rsa_keys_have_2048_bits) {
  EXPECT_EQ(SigningKey::generate(KeyType::rsa).public_key().bits(), 2048);
}

TEST(PublicKey, refuses_short_rsa_keys_and_other_things) {
  // 512 bits (RFC 8301 3.2 asks for 1024 at least).
  const auto small = unbase64(
      "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMYcCrsgrMAlVPztnY/xmmNbqK9camwn0+h9j5Luw2kRfCaj"
      "rzUrlvvlBufOh14nkKysMSnBnQalVNhbASeviLECAwEAAQ==");
  ASSERT_TRUE(small);
  const auto refused = PublicKey::from_rsa_der(*small);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "an RSA key of 512 bits");
  EXPECT_FALSE(PublicKey::from_rsa_der("not a key"));
  EXPECT_FALSE(PublicKey::from_rsa_der(SigningKey::generate(KeyType::ed25519).public_key().der()));
  EXPECT_FALSE(PublicKey::from_ed25519("short"));
}

}  // namespace
}  // namespace postrider

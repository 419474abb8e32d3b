// SPDX-License-Identifier: Apache-2.0
#include "flow/sign/local_signer.h"

#include <gtest/gtest.h>

#include <optional>

namespace postrider {
namespace {

class LocalSignerTest : public ::testing::Test {
 protected:
  using Signatures = std::vector<Result<std::string>>;

  std::optional<Signatures> sign(std::vector<Signer::Request> requests) {
    std::optional<Signatures> out;
    signer.sign(std::move(requests), [&, times = 0](Signatures signatures) mutable {
      EXPECT_EQ(++times, 1);
      out = std::move(signatures);
    });
    for (auto& piece : std::exchange(posted, {})) piece();
    return out;
  }

  bool full = false;
  std::vector<Executor::Work> posted;
  LocalSigner signer{[this](Executor::Work work) {
    if (!full) posted.push_back(std::move(work));
    return !full;
  }};
  SigningKey rsa = SigningKey::generate(KeyType::rsa), ed25519 = SigningKey::generate(KeyType::ed25519);
  const Digest digest = sha256("what is signed");
};

TEST_F(LocalSignerTest, AnswersEachRequestInOrder) {
  signer.add(SigningKeyId{1}, rsa);
  signer.add(SigningKeyId{2}, ed25519);
  const auto signatures =
      sign({{SigningKeyId{2}, digest}, {SigningKeyId{9}, digest}, {SigningKeyId{1}, digest}});
  ASSERT_EQ(signatures->size(), 3u);
  EXPECT_TRUE(ed25519.public_key().verify_digest(digest, *(*signatures)[0]));
  EXPECT_EQ((*signatures)[1].error().code, Code::not_found);
  EXPECT_TRUE(rsa.public_key().verify_digest(digest, *(*signatures)[2]));
}

TEST_F(LocalSignerTest, DoesNotSignOnTheThreadThatAsks) {
  signer.add(SigningKeyId{1}, ed25519);
  bool answered = false;
  signer.sign({{SigningKeyId{1}, digest}}, [&](Signatures) { answered = true; });
  EXPECT_FALSE(answered);
  ASSERT_EQ(posted.size(), 1u);
  posted[0]();
  EXPECT_TRUE(answered);
}

TEST_F(LocalSignerTest, AFullQueueIsAnsweredAtOnceForEachRequest) {
  signer.add(SigningKeyId{1}, ed25519);
  full = true;
  const auto signatures = sign({{SigningKeyId{1}, digest}, {SigningKeyId{1}, digest}});
  ASSERT_TRUE(signatures);
  ASSERT_EQ(signatures->size(), 2u);
  for (const auto& one : *signatures) {
    EXPECT_EQ(one.error().code, Code::exhausted);
    EXPECT_EQ(one.error().detail, "the signing queue is full");
  }
}

TEST_F(LocalSignerTest, AKeyTakenAwaySignsNoMoreEvenWhatIsQueued) {
  signer.add(SigningKeyId{1}, ed25519);
  EXPECT_TRUE(signer.holds(SigningKeyId{1}));
  std::optional<Signatures> late;
  signer.sign({{SigningKeyId{1}, digest}}, [&](Signatures signatures) { late = std::move(signatures); });
  signer.remove(SigningKeyId{1});
  EXPECT_FALSE(signer.holds(SigningKeyId{1}));
  posted.at(0)();
  EXPECT_EQ((*late)[0].error().code, Code::not_found);
  signer.remove(SigningKeyId{1});  // and again is fine
}

TEST_F(LocalSignerTest, AKeyAddedAgainReplacesTheOldOne) {
  signer.add(SigningKeyId{1}, rsa);
  signer.add(SigningKeyId{1}, ed25519);
  EXPECT_TRUE(ed25519.public_key().verify_digest(digest, *(*sign({{SigningKeyId{1}, digest}}))[0]));
}

TEST_F(LocalSignerTest, NothingToSignIsAnAnswerToo) {
  EXPECT_TRUE(sign({})->empty());
}

}  // namespace
}  // namespace postrider

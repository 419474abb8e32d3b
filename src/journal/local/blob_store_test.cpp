// SPDX-License-Identifier: Apache-2.0
#include "journal/local/blob_store.h"

#include <gmock/gmock.h>

#include "testing/fail_every_io.h"
#include "testing/faulty_disk.h"
#include "testing/seeded_random.h"

namespace postrider::journal::local {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class BlobStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(disk.make_directory("blobs").ok() && disk.sync_directory("").ok()); }

  testing::FaultyDisk disk;
  testing::SeededRandom random{1};
  NonceSource nonces{1};
  BlobStore store{disk, random, nonces};
  std::string body = std::string(700'000, 'b');
};

TEST_F(BlobStoreTest, AStagedBodyOutlivesAPowerCut) {
  const auto blob = *store.stage(body);
  const auto reference = *store.staged(blob);
  disk.crash(testing::Unsynced::lost);
  EXPECT_EQ(*store.read(reference), body);
}

TEST_F(BlobStoreTest, ItIsSealedUnderTheKeyThatOnlyItsRecordHas) {
  const auto blob = *store.stage(body);
  auto reference = *store.staged(blob);
  const auto name = disk.files("blobs/").front();
  std::string raw(200, '\0');
  ASSERT_TRUE((*disk.open(name, Open::existing))->read(1000, raw).ok());
  EXPECT_EQ(raw.find("bbbb"), raw.npos);
  reference.key[0] ^= 1;
  EXPECT_EQ(store.read(reference).error().code, Code::corrupt);
}

TEST_F(BlobStoreTest, AReferenceOnDisk) {
  const auto reference = *store.staged(*store.stage(body));
  const auto bytes = reference.encode();
  const auto read = BlobRef::decode(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->blob.name, reference.blob.name);
  EXPECT_EQ(read->key, reference.key);
  EXPECT_FALSE(BlobRef::decode(bytes.substr(0, bytes.size() - 1)));
}

TEST_F(BlobStoreTest, TheFileGoesWithTheLastRecordThatNamesIt) {
  const auto blob = *store.stage(body);
  store.hold({5}, blob);
  store.hold({9}, blob);
  EXPECT_EQ(store.bytes(), body.size());
  store.release({5});
  EXPECT_FALSE(store.remove_one());
  EXPECT_THAT(disk.files("blobs/"), SizeIs(1));
  store.release({9});
  store.release({9});
  EXPECT_FALSE(store.remove_one());
  EXPECT_THAT(disk.files("blobs/"), IsEmpty());
  EXPECT_EQ(store.bytes(), 0u);
}

TEST_F(BlobStoreTest, ABodyGivenBackGoesUnlessARecordNamesIt) {
  const auto unwanted = *store.stage(body), kept = *store.stage(body);
  store.hold({5}, kept);
  for (int i = 0; i < 2; ++i) {
    store.unstage(unwanted);
    store.unstage(kept);
    EXPECT_EQ(store.bytes(), body.size());
  }
  EXPECT_FALSE(store.staged(unwanted));
  EXPECT_FALSE(store.remove_one());
  EXPECT_THAT(disk.files("blobs/"), SizeIs(1));
}

TEST_F(BlobStoreTest, OrphansGoAndTheHeldStay) {
  const auto kept = *store.stage(body);
  const auto reference = *store.staged(kept);
  ASSERT_TRUE(store.stage("nobody wants me").ok());
  BlobStore next(disk, random, nonces);
  next.hold({1}, kept);
  ASSERT_TRUE(next.remove_orphans().ok());
  EXPECT_THAT(disk.files("blobs/"), SizeIs(1));
  EXPECT_EQ(*next.read(reference), body);
}

TEST_F(BlobStoreTest, AMissingOrDamagedFileIsCorrupt) {
  const auto reference = *store.staged(*store.stage(body));
  const auto name = disk.files("blobs/").front();
  disk.rot_at(name, 300'000);
  disk.drop_caches();
  EXPECT_EQ(store.read(reference).error().code, Code::corrupt);
  ASSERT_TRUE(disk.remove(name).ok());
  EXPECT_EQ(store.read(reference).error().code, Code::corrupt);
}

TEST(BlobStoreFaults, StagedMeansDurableWhateverFails) {
  const auto tried =
      testing::fail_every_io(testing::every_operation, Code::io, [](testing::FaultyDisk& disk) {
        testing::SeededRandom random(1);
        NonceSource nonces(1);
        if (!disk.make_directory("blobs").ok() || !disk.sync_directory("").ok()) return;
        BlobStore store(disk, random, nonces);
        const auto blob = store.stage("a body");
        if (!blob.ok()) return;
        const auto reference = *store.staged(*blob);
        disk.heal();
        disk.crash(testing::Unsynced::lost);
        EXPECT_EQ(*store.read(reference), "a body");
      });
  EXPECT_GE(tried, 5u);
}

}  // namespace
}  // namespace postrider::journal::local

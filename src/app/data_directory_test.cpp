// SPDX-License-Identifier: Apache-2.0
#include "app/data_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "testing/fake_clock.h"
#include "testing/seeded_random.h"
#include "testing/stores.h"

namespace postrider::app {
namespace {

class DataDirectoryTest : public ::testing::Test {
 protected:
  Result<void> create() { return DataDirectory::create(config.data, random); }
  Result<std::unique_ptr<DataDirectory>> open() { return DataDirectory::open(config, clock, random); }
  unsigned mode(const std::string& name) const {
    struct stat status{};
    EXPECT_EQ(::stat((config.data + "/" + name).c_str(), &status), 0) << name;
    return status.st_mode & 0777;
  }

  testing::TemporaryDirectory directory;
  testing::FakeClock clock;
  testing::SeededRandom random{1};
  Config config = [this] {
    Config made;
    made.data = directory.path("a/b/data");
    return made;
  }();
};

TEST_F(DataDirectoryTest, IsForItsOwnUserOnly) {
  ASSERT_TRUE(create().ok());
  ASSERT_TRUE(open().ok());
  EXPECT_EQ(mode("."), 0700u);
  EXPECT_EQ(mode("keys"), 0700u);
  EXPECT_EQ(mode("keys/root"), 0400u);
  for (const auto* name : {"store", "journal"}) EXPECT_EQ(mode(name), 0700u);
  for (const auto* name : {"postrider.toml", "lock"}) EXPECT_EQ(mode(name) & 077, 0u) << name;
}

TEST_F(DataDirectoryTest, IsMadeOnceAndItsKeyIsNeverOverwritten) {
  ASSERT_TRUE(create().ok());
  const auto root = (*open())->root;
  const auto again = create();
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, Code::exists);
  EXPECT_EQ(again.error().detail, config.data + " has been initialised already");
  EXPECT_EQ((*open())->root, root);
  EXPECT_NE(root, RootKey{});
}

TEST_F(DataDirectoryTest, ThatIsNotThereSaysHowToMakeIt) {
  const auto missing = open();
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, Code::not_found);
  EXPECT_EQ(
      missing.error().detail,
      config.data + " is not a data directory yet; make one with: postrider init --data " + config.data);
}

TEST_F(DataDirectoryTest, BelongsToOneProcessAtATime) {
  ASSERT_TRUE(create().ok());
  auto first = open();
  ASSERT_TRUE(first.ok());
  const auto second = open();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::unavailable);
  EXPECT_EQ(second.error().detail, "another process is using " + config.data);
  first->reset();
  EXPECT_TRUE(open().ok());
}

TEST_F(DataDirectoryTest, WithADamagedRootKeyIsNotOpened) {
  ASSERT_TRUE(create().ok());
  const auto path = config.data + "/keys/root";
  for (const auto size : {0u, 31u, 33u}) {
    std::filesystem::remove(path);
    std::ofstream(path) << std::string(size, 'k');
    const auto damaged = open();
    ASSERT_FALSE(damaged.ok());
    EXPECT_EQ(damaged.error().code, Code::corrupt);
    EXPECT_EQ(damaged.error().detail, "keys/root does not hold 32 bytes");
  }
}

TEST_F(DataDirectoryTest, SettingsThatAreThereAlreadyAreKept) {
  std::filesystem::create_directories(config.data);
  std::ofstream(config.data + "/postrider.toml") << "# mine\n";
  ASSERT_TRUE(create().ok());
  EXPECT_EQ(std::filesystem::file_size(config.data + "/postrider.toml"), 7u);
}

TEST_F(DataDirectoryTest, AStoreOfNoKnownKindIsRefused) {
  ASSERT_TRUE(create().ok());
  config.store_url = "mysql:x";
  const auto refused = open();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().detail, "store.url must start with sqlite: or postgresql://, not \"mysql:x\"");
}

}  // namespace
}  // namespace postrider::app

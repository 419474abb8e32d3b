// SPDX-License-Identifier: Apache-2.0
#include "journal/local/salvage.h"

#include <gmock/gmock.h>

#include "testing/faulty_disk.h"

namespace postrider::journal::local {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SalvageTest : public ::testing::Test {
 protected:
  static constexpr std::uint64_t pages = 600;

  SalvageTest() {
    file = *disk.open("file", Open::create_new);
    for (std::uint64_t i = 0; i < pages; ++i)
      content += std::string(page_bytes, static_cast<char>('a' + i % 20));
    content += "the end";
    EXPECT_TRUE(file->write(0, content).ok());
  }
  // What a page that is gone reads as.
  static std::string gone(std::size_t size = page_bytes) { return std::string(size, Salvage::unreadable); }

  testing::FaultyDisk disk;
  std::unique_ptr<File> file;
  std::string content;
};

TEST_F(SalvageTest, WhatCanBeReadIsRead) {
  Salvage salvage(*file, "file");
  EXPECT_EQ(*salvage.read(100, 3 * page_bytes), content.substr(100, 3 * page_bytes));
  EXPECT_EQ(*salvage.read(pages * page_bytes, page_bytes), "the end");
  EXPECT_EQ(*salvage.read(content.size(), page_bytes), "");
  EXPECT_THAT(salvage.pages(), IsEmpty());
  EXPECT_EQ(salvage.end(), 0u);
}

TEST_F(SalvageTest, APageThatIsGoneCostsNothingElse) {
  disk.spoil("file", 2 * page_bytes + 100);
  Salvage salvage(*file, "file");
  EXPECT_EQ(*salvage.read(page_bytes + 10, 3 * page_bytes),
            content.substr(page_bytes + 10, page_bytes - 10) + gone() +
                content.substr(3 * page_bytes, page_bytes + 10));
  EXPECT_EQ(*salvage.read(2 * page_bytes + 8, 16), gone(16));
  EXPECT_EQ(*salvage.read(3 * page_bytes, 16), content.substr(3 * page_bytes, 16));
  EXPECT_THAT(salvage.pages(), ElementsAre(2 * page_bytes));
  EXPECT_EQ(salvage.end(), 3 * page_bytes);
}

TEST_F(SalvageTest, TheEndOfTheFileIsTheEndThoughItsPageIsGone) {
  disk.spoil("file", pages * page_bytes);
  Salvage salvage(*file, "file");
  EXPECT_EQ(*salvage.read((pages - 1) * page_bytes, 3 * page_bytes),
            content.substr((pages - 1) * page_bytes, page_bytes) + gone(7));
}

TEST_F(SalvageTest, AFailureThatPassesCostsNothing) {
  disk.fail({.operations = testing::on({testing::DiskOperation::read}), .times = 2});
  Salvage salvage(*file, "file");
  EXPECT_EQ(*salvage.read(0, 2 * page_bytes), content.substr(0, 2 * page_bytes));
  EXPECT_THAT(salvage.pages(), IsEmpty());
}

TEST_F(SalvageTest, WhatIsKnownToBeGoneIsNotAskedForAgain) {
  disk.spoil("file", page_bytes);
  Salvage salvage(*file, "file");
  EXPECT_EQ(*salvage.read(page_bytes, page_bytes), gone());
  const auto before = disk.count(testing::DiskOperation::read);
  EXPECT_EQ(*salvage.read(page_bytes, page_bytes), gone());
  EXPECT_EQ(disk.count(testing::DiskOperation::read), before);
}

TEST_F(SalvageTest, ADiskThatFailsIsAnError) {
  disk.fail({.operations = testing::on({testing::DiskOperation::read}), .times = 1'000'000});
  Salvage salvage(*file, "file");
  const auto bytes = salvage.read(0, content.size());
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().code, Code::io);
  EXPECT_THAT(bytes.error().detail, HasSubstr("file: more than 1024 KiB cannot be read"));
}

}  // namespace
}  // namespace postrider::journal::local

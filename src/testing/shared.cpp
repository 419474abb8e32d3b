// SPDX-License-Identifier: Apache-2.0
#include "testing/shared.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace postrider::testing {

std::string source_path(std::string_view relative) {
  const char* root = std::getenv("POSTRIDER_SOURCE");
  return (std::filesystem::path(root ? root : ".") / relative).string();
}

std::optional<std::string> shared_corpus(std::string_view relative) {
  const char* stated = std::getenv("POSTRIDER_SHARED");
  const std::filesystem::path root =
      stated ? std::filesystem::path(stated) : std::filesystem::path(source_path("../shared"));
  auto path = root / "corpora" / relative;
  if (std::filesystem::exists(path)) return path.string();
  if (stated) ADD_FAILURE() << "POSTRIDER_SHARED is set and " << path << " is not there";
  return std::nullopt;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << "cannot read " << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace postrider::testing

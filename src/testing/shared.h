// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace postrider::testing {

// Where a public corpus file or folder lies (POSTRIDER_SHARED/corpora/…, default ../shared beside the
// source), or nullopt without it: then skip visibly. When POSTRIDER_SHARED is set, a missing file fails the
// running test.
std::optional<std::string> shared_corpus(std::string_view relative);

// The whole file; fails the running test when it cannot be read.
std::string read_file(const std::string& path);

// A path below the source tree (POSTRIDER_SOURCE, default the current directory).
std::string source_path(std::string_view relative);

}  // namespace postrider::testing

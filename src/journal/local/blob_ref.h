// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "journal/journal.h"
#include "journal/local/format.h"

namespace postrider::journal::local {

using BlobName = std::array<std::uint8_t, 16>;

// What a record says instead of its bytes when they have a file of their own.
struct BlobRef {
  Blob blob;
  Key key{};

  std::string encode() const;
  static std::optional<BlobRef> decode(std::string_view bytes);
};

}  // namespace postrider::journal::local

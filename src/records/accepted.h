// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/submission.h"

namespace postrider::records {

// One request: what its personalizations share. A request with one personalization carries it inside, so that
// the commonest message is one record fewer.
struct Accepted {
  TenantId tenant;
  ApiKeyId key;
  Time at{};
  Shared shared;
  std::optional<Personalization> only;
};

// One personalization of several.
struct Variant {
  Personalization personalization;
};

// One recipient. Everything else about it stands in its label.
struct Queued {
  std::string email;
  std::uint32_t variant = 0;  // which personalization
};

std::string encode(const Accepted& accepted);
std::string encode(const Variant& variant);
std::string encode(const Queued& queued);

// corrupt = the bytes are no such record, or one of a newer format.
Result<Accepted> decode_accepted(std::string_view bytes);
Result<Variant> decode_variant(std::string_view bytes);
Result<Queued> decode_queued(std::string_view bytes);

}  // namespace postrider::records

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

namespace postrider::api {

enum class GunzipFailure { damaged, too_long, no_memory };

// What a gzip body holds (RFC 1952, one or more members), at most `limit` bytes of it: a small body may claim
// to hold a very large one. `reserve` is asked before more memory is taken: no_memory when it says no.
using Reserve = std::function<bool(std::size_t bytes)>;
[[nodiscard]] std::expected<std::string, GunzipFailure> gunzip(std::string_view packed, std::size_t limit,
                                                               const Reserve& reserve);

}  // namespace postrider::api

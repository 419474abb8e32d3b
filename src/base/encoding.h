// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postrider {

// Text forms of bytes. Decoders are strict: a wrong character, length or padding gives nullopt.
std::string hex(std::string_view bytes);                        // lower case
std::optional<std::string> unhex(std::string_view text);        // either case
std::string base64(std::string_view bytes);                     // RFC 4648 4, padded
std::optional<std::string> unbase64(std::string_view text);     // RFC 4648 4, padding required
std::string base64url(std::string_view bytes);                  // RFC 4648 5, no padding
std::optional<std::string> unbase64url(std::string_view text);  // no padding accepted
void append_base64(std::string& out, std::string_view bytes);   // as base64(), onto out
std::string base62(std::uint32_t value, std::size_t width);     // 0-9A-Za-z, most significant first
std::uint32_t crc32(std::string_view bytes);                    // IEEE 802.3, as in zlib

}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

// Numbers that stand on disk. The bytes are described in docs/journal-format.md.
namespace postrider::journal::local {

inline constexpr std::uint16_t format_version = 1;

// What a disk writes whole or not at all. Batches begin on such a boundary.
inline constexpr std::size_t sector = 512;
// What a device loses at once, and what must be written whole where a part of it cannot be read.
inline constexpr std::uint64_t page_bytes = 4096;
constexpr std::uint64_t sectors_up(std::uint64_t size) {
  return (size + sector - 1) / sector * sector;
}

enum class LogKind : std::uint8_t { spool = 1, events = 2 };

// Names one use of a segment file. Drawn at random, so that nothing of the file's earlier lives fits it.
using Incarnation = std::array<std::uint8_t, 16>;
using Key = std::array<std::uint8_t, 32>;

// A segment file is one number in one journal, whichever log it belongs to; its key has the same number.
using SegmentNumber = std::uint32_t;

const char* directory(LogKind log);  // below the journal's root
enum class Part { segment, hint, released };
std::string path(LogKind log, SegmentNumber number, Part part);

}  // namespace postrider::journal::local

// SPDX-License-Identifier: Apache-2.0
#include "journal/local/frame.h"

#include <algorithm>

namespace postrider::journal::local {
namespace {

constexpr std::size_t longest_run = 64;
constexpr std::uint8_t low_bits(FrameItem::Type type) {
  return static_cast<std::uint8_t>(type);
}

}  // namespace

void FrameWriter::begin(std::uint64_t first_sequence) {
  labels_ = {};
  released_ = ReleaseContext(first_sequence);
}

void FrameWriter::record(const Label& label, Body body, std::string_view bytes) {
  labels_.write(label, body, low_bits(FrameItem::Type::record), out_);
  out_.bytes(bytes);
}

void FrameWriter::releases(std::span<const std::uint64_t> sequences) {
  while (!sequences.empty()) {
    const auto run = sequences.first(std::min(sequences.size(), longest_run));
    out_.u8(static_cast<std::uint8_t>((run.size() - 1) << 2 | low_bits(FrameItem::Type::release)));
    for (auto sequence : run) released_.write(sequence, out_);
    sequences = sequences.subspan(run.size());
  }
}

void FrameWriter::plain(FrameItem::Type type, std::string_view bytes) {
  out_.u8(low_bits(type));
  out_.bytes(bytes);
}

std::optional<FrameItem> FrameReader::next() {
  FrameItem item;
  if (run_ == 0) {
    if (in_.left() == 0) return std::nullopt;
    const auto first = in_.u8();
    item.type = static_cast<FrameItem::Type>(first & 3);
    if (item.type == FrameItem::Type::record) labels_.read(first, in_, item.label, item.body);
    if (item.type == FrameItem::Type::release) {
      run_ = (first >> 2) + 1u;
    } else {
      item.bytes = in_.bytes();
    }
  }
  if (run_ > 0) {
    --run_;
    item.type = FrameItem::Type::release;
    item.sequence = released_.read(in_);
  }
  if (in_.failed()) return std::nullopt;
  return item;
}

}  // namespace postrider::journal::local

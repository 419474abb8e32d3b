// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/codec.h"
#include "journal/journal.h"
#include "journal/local/label_codec.h"
#include "journal/local/release_codec.h"

namespace postrider::journal::local {

// One thing in a frame. Records take the next sequence, events and claims the next item number. Views point
// into the frame.
struct FrameItem {
  enum class Type : std::uint8_t { record = 0, release = 1, event = 2, claim = 3 };
  Type type = Type::record;
  Label label;                 // record
  Body body = Body::here;      // record
  std::string_view bytes;      // record (a BlobRef if body says so), event, claim (a ClaimCodec text)
  std::uint64_t sequence = 0;  // release
};

// The inside of a frame, which is what is sealed and read as one. A frame can be read alone: nothing in it
// refers to another.
class FrameWriter {
 public:
  void begin(std::uint64_t first_sequence);  // the next frame starts here
  void record(const Label& label, Body body, std::string_view bytes);
  void releases(std::span<const std::uint64_t> sequences);
  void event(std::string_view bytes) { plain(FrameItem::Type::event, bytes); }
  void claim(std::string_view bytes) { plain(FrameItem::Type::claim, bytes); }

  // Everything since the last clear(), frame after frame.
  std::string_view bytes() const { return out_.view(); }
  void clear() { out_ = Writer(); }

 private:
  void plain(FrameItem::Type type, std::string_view bytes);
  Writer out_;
  LabelContext labels_;
  ReleaseContext released_{0};
};

class FrameReader {
 public:
  FrameReader(std::string_view plain, std::uint64_t first_sequence) : in_(plain), released_(first_sequence) {}

  // nullopt at the end, and at the first byte that does not fit (then failed()).
  std::optional<FrameItem> next();
  bool failed() const { return in_.failed(); }

 private:
  Reader in_;
  LabelContext labels_;
  ReleaseContext released_;
  unsigned run_ = 0;  // releases left in the run being read
};

}  // namespace postrider::journal::local

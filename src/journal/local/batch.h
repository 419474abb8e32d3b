// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "journal/local/format.h"
#include "journal/local/frame.h"
#include "journal/local/sealer.h"

namespace postrider::journal::local {

// One frame of a batch. Where it counts (offset, size) its sealed bytes in the file are meant.
struct Frame {
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
  std::uint32_t records = 0;
  std::uint32_t items = 0;  // events and claims
  std::uint64_t first_sequence = 0;
  std::uint64_t first_item = 0;
};

enum class BatchKind : std::uint8_t {
  data = 1,
  end = 2,  // nothing follows in this use
};

// What a batch says before its frames.
struct Batch {
  BatchKind kind = BatchKind::data;
  std::uint32_t epoch = 0;
  std::uint64_t number = 0;  // within the use, from 1, no gaps
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  // whole sectors
  std::uint64_t first_sequence = 0, next_sequence = 0;
  std::uint64_t first_item = 0, next_item = 0;
  Time time{};
  std::vector<Frame> frames;
};

// Sizes on disk.
constexpr std::size_t batch_fixed_size = 72;
constexpr std::size_t batch_per_frame = 12;
constexpr std::size_t batch_trailer_size = aead_tag_size;
constexpr std::uint64_t batch_head_size(std::uint64_t frames) {
  return batch_fixed_size + batch_per_frame * frames + Sealer::overhead;
}

// The batch that starts with `head` at `offset` of a use, or nullopt when none does: `head` may be anything,
// and is read again longer when the answer is larger than what was given (`need`).
struct BatchHead {
  std::optional<Batch> batch;
  std::size_t need = 0;
  std::string trailer;  // what must stand at the end
};
BatchHead read_batch_head(std::string_view head, std::uint64_t offset, LogKind log,
                          const Incarnation& incarnation, const Sealer& sealer);

// The plain bytes of a frame; corrupt when they are not what was written at this place of this use.
Result<std::string> open_frame(std::string_view sealed, std::uint64_t offset, const Incarnation& incarnation,
                               const Sealer& sealer);

// Gathers the content of one batch in plain, then seals it for a place. Small groups share a frame up to
// about frame_target, a larger body has one of its own, so that reading one record decrypts little else.
class BatchBuilder {
 public:
  static constexpr std::size_t frame_target = 16 * 1024;

  // Forgets everything; sequences and items count from here.
  void begin(std::uint64_t first_sequence, std::uint64_t first_item);

  void record(const Label& label, Body body, std::string_view bytes);
  void releases(std::span<const std::uint64_t> sequences);
  void event(std::string_view bytes);
  void claim(std::string_view bytes);
  // A claim that counts as no item, in a frame apart from everything before it. Only more of these may
  // follow.
  void aside(std::string_view claim);

  bool empty() const { return frames_.empty(); }
  std::uint64_t first_sequence() const { return first_sequence_; }
  std::uint64_t next_sequence() const { return next_sequence_; }
  std::uint64_t first_item() const { return first_item_; }
  std::uint64_t next_item() const { return next_item_; }
  std::uint64_t size() const;  // on disk, whole sectors
  std::size_t frames() const { return frames_.size(); }
  const Frame& counts(std::size_t frame) const { return frames_[frame].counts; }
  std::string_view plain(std::size_t frame) const {
    return writer_.bytes().substr(frames_[frame].begin, plain_size(frame));
  }

  // Appends the batch to `out` and says what it is. May be called again for another place.
  struct Place {
    LogKind log = LogKind::spool;
    Incarnation incarnation{};
    std::uint64_t offset = 0;
    std::uint64_t number = 0;
    Time time{};
  };
  Batch seal(const Place& place, Sealer& sealer, NonceSource& nonces, std::string& out) const;

 private:
  struct Plain {
    std::size_t begin = 0;
    Frame counts;
  };
  Plain& room_for(std::size_t bytes);
  void add_frame();
  std::size_t plain_size(std::size_t index) const;

  FrameWriter writer_;
  std::vector<Plain> frames_;
  std::uint64_t first_sequence_ = 0, next_sequence_ = 0;
  std::uint64_t first_item_ = 0, next_item_ = 0;
};

// The batch that closes a use.
Batch seal_end(const BatchBuilder::Place& place, std::uint64_t next_sequence, std::uint64_t next_item,
               Sealer& sealer, NonceSource& nonces, std::string& out);

}  // namespace postrider::journal::local

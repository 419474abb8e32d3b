// SPDX-License-Identifier: Apache-2.0
#include "journal/local/frame_source.h"

#include <algorithm>

#include "journal/local/file_io.h"
#include "journal/local/hint_file.h"

namespace postrider::journal::local {
namespace {

constexpr int frame_tries = 3;

}  // namespace

Result<std::string> read_frame(const Use& use, const FramePlace& place) {
  const auto sealed = PR_TRY(read_at(*use.file, place.offset, place.size));
  auto plain = open_frame(sealed, place.offset, use.incarnation, *use.sealer);
  if (!plain.ok()) return use.damaged("a frame fails authentication");
  return plain;
}

namespace {

// Whether the device gives anything of it just now, the kernel's copies left aside.
bool answers(const Use& use) {
  if (!use.file->drop_cache().ok()) return false;
  for (const auto offset : {std::uint64_t{0}, use.size - std::min<std::uint64_t>(use.size, sector)})
    if (read_at(*use.file, offset, sector).ok()) return true;
  return false;
}

}  // namespace

Result<std::string> read_frame_for_good(const Use& use, const FramePlace& place) {
  for (int tries = 1;; ++tries) {
    auto plain = read_frame(use, place);
    if (plain.ok() || plain.error().code != Code::io) return plain;
    if (tries < frame_tries) continue;
    if (!answers(use)) return plain;
    return use.damaged("cannot be read: " + plain.error().detail);
  }
}

Result<void> note_content(Use& use, const Frame& frame, std::string_view plain) {
  FrameReader reader(plain, frame.first_sequence);
  auto sequence = frame.first_sequence;
  while (auto item = reader.next()) {
    if (item->type == FrameItem::Type::release) use.hint->release(item->sequence);
    if (item->type != FrameItem::Type::record) continue;
    use.hint->record(sequence, item->label, item->body, item->bytes);
    if (item->body == Body::gone) use.hint->release(sequence);
    ++sequence;
  }
  if (reader.failed()) return use.damaged("a frame is authentic and makes no sense");
  return {};
}

}  // namespace postrider::journal::local

// SPDX-License-Identifier: Apache-2.0
// Any bytes as a segment file. Bytes that are not sealed under the use's key must never be served, so the
// input is also laid over a segment that is whole: the walk must end, go forward only, and show nothing that
// was not written. The same bytes are read as the inside of a frame, which only our own key could have
// sealed: no crash, no hang.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/codec.h"
#include "journal/local/frame.h"
#include "journal/local/walk.h"

using namespace postrider;
using namespace postrider::journal;
using namespace postrider::journal::local;

namespace {

class Bytes final : public File {
 public:
  explicit Bytes(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<std::size_t> read(std::uint64_t offset, std::span<char> into) const override {
    if (offset >= bytes_.size()) return std::size_t{0};
    return std::string_view(bytes_).substr(offset).copy(into.data(), into.size());
  }
  Result<void> write(std::uint64_t, std::string_view) override { return Error{Code::io, "for reading"}; }
  Result<void> sync() override { return {}; }
  Result<void> truncate(std::uint64_t) override { return Error{Code::io, "for reading"}; }
  Result<std::uint64_t> size() const override { return std::uint64_t{bytes_.size()}; }
  Result<void> allocate(std::uint64_t) override { return Error{Code::io, "for reading"}; }
  Result<void> drop_cache() override { return {}; }

 private:
  std::string bytes_;
};

void must(bool holds) {
  if (!holds) std::abort();
}

const UseKey key{0, LogKind::spool, 1, {7}, {8}};

std::string record(std::uint64_t sequence) {
  return "record " + std::to_string(sequence);
}

// A header of zeros (the walk does not read it), ten batches of five records in two frames, and an end.
std::string whole_segment() {
  std::string file(sector, '\0');
  Sealer sealer(key.key);
  NonceSource nonces(1);
  std::uint64_t sequence = 1, number = 1;
  for (; number <= 10; ++number) {
    BatchBuilder content;
    content.begin(sequence, number);
    for (int i = 0; i < 4; ++i) content.record({}, Body::here, record(sequence++));
    content.event("event");
    content.record({}, Body::here, record(sequence++) + std::string(BatchBuilder::frame_target, '.'));
    content.seal({key.log, key.incarnation, file.size(), number, {}}, sealer, nonces, file);
  }
  seal_end({key.log, key.incarnation, file.size(), number, {}}, sequence, number, sealer, nonces, file);
  return file;
}

void walk_over(std::string file) {
  const auto size = file.size();
  const Use use(key, std::make_shared<Bytes>(std::move(file)), size);
  std::uint64_t next = 0, at = 0;
  const auto on_batch = [&](const FoundBatch& found) {
    must(found.batch.first_sequence >= next && found.batch.offset >= at);
    next = found.batch.next_sequence;
    at = found.batch.offset + found.batch.length;
    for (std::size_t i = 0; i < found.frames.size(); ++i) {
      if (!found.frames[i]) continue;
      const auto& frame = found.batch.frames[i];
      FrameReader reader(*found.frames[i], frame.first_sequence);
      auto sequence = frame.first_sequence;
      while (const auto item = reader.next()) {
        if (item->type == FrameItem::Type::record) must(item->bytes.starts_with(record(sequence++)));
      }
      must(!reader.failed() && sequence == frame.first_sequence + frame.records);
    }
  };
  const auto on_damage = [&](std::uint64_t from, std::uint64_t to, Range, Range) { must(from < to); };
  const auto walked = walk(use, {on_batch, on_damage});
  must(walked.ok() && walked->end >= std::min<std::uint64_t>(sector, size));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);

  FrameReader reader(input, 1);
  std::size_t items = 0;
  while (reader.next()) must(++items <= size * 64);

  walk_over(std::string(input));

  // Patches: offset, length, bytes; a length of 0 cuts the file there.
  static const std::string whole = whole_segment();
  auto patched = whole;
  Reader in(input);
  while (in.left() > 0 && !patched.empty()) {
    const auto offset = in.varint() % patched.size();
    const auto bytes = in.raw(std::min<std::size_t>(in.u8(), in.left()));
    if (in.failed()) break;
    if (bytes.empty())
      patched.resize(offset);
    else
      patched.replace(offset, std::min(bytes.size(), patched.size() - offset),
                      bytes.substr(0, patched.size() - offset));
  }
  walk_over(std::move(patched));
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "journal/local/batch.h"

#include <algorithm>

#include "base/codec.h"

namespace postrider::journal::local {
namespace {

constexpr std::uint32_t magic = 0x424a5250;  // "PRJB"
constexpr std::size_t incarnation_at = 8;

std::string_view text(const Incarnation& incarnation) {
  return {reinterpret_cast<const char*>(incarnation.data()), incarnation.size()};
}

// Sealed bytes fit one place of one use only.
std::string bound_to(std::string_view what, std::uint64_t offset) {
  Writer aad;
  aad.raw(what);
  aad.u64(offset);
  return aad.take();
}

void put_fixed(const Batch& batch, LogKind log, const Incarnation& incarnation, Writer& head) {
  head.u32(magic);
  head.u16(format_version);
  head.u8(static_cast<std::uint8_t>(batch.kind));
  head.u8(static_cast<std::uint8_t>(log));
  head.raw(text(incarnation));
  head.u32(batch.epoch);
  head.u32(static_cast<std::uint32_t>(batch.frames.size()));
  head.u64(batch.number);
  head.u64(batch.first_sequence);
  head.u64(batch.first_item);
  head.u64(static_cast<std::uint64_t>(millis(batch.time)));
  head.u64(batch.length);
}

// Seals the head onto out; returns the tag, which is the trailer too.
std::string put_head(const Batch& batch, const BatchBuilder::Place& place, Sealer& sealer,
                     NonceSource& nonces, std::string& out) {
  Writer head;
  put_fixed(batch, place.log, place.incarnation, head);
  for (const auto& frame : batch.frames) {
    head.u32(frame.size);
    head.u32(frame.records);
    head.u32(frame.items);
  }
  out.append(head.view());
  sealer.seal(nonces.next(), bound_to(head.view(), batch.offset), {}, out);
  return out.substr(out.size() - batch_trailer_size);
}

}  // namespace

BatchHead read_batch_head(std::string_view head, std::uint64_t offset, LogKind log,
                          const Incarnation& incarnation, const Sealer& sealer) {
  Reader in(head);
  const bool ours = in.u32() == magic;
  const auto version = in.u16();
  const auto kind = in.u8();
  const auto in_log = in.u8();
  if (!ours || version != format_version || in_log != static_cast<std::uint8_t>(log) ||
      (kind != 1 && kind != 2) || head.substr(incarnation_at, incarnation.size()) != text(incarnation))
    return {};
  in.raw(incarnation.size());
  Batch batch;
  batch.kind = static_cast<BatchKind>(kind);
  batch.offset = offset;
  batch.epoch = in.u32();
  const std::uint64_t frames = in.u32();
  batch.number = in.u64();
  batch.first_sequence = batch.next_sequence = in.u64();
  batch.first_item = batch.next_item = in.u64();
  batch.time = from_millis(static_cast<std::int64_t>(in.u64()));
  batch.length = in.u64();
  if (in.failed()) return {};
  const auto size = batch_head_size(frames);
  constexpr std::uint64_t most = 1ull << 32;  // a segment is smaller
  if (batch.length > most || size + batch_trailer_size > batch.length) return {};
  if (size > head.size()) return {std::nullopt, static_cast<std::size_t>(size), {}};
  const auto open = head.substr(0, size - Sealer::overhead);
  const auto seal = head.substr(open.size(), Sealer::overhead);
  if (!sealer.open(bound_to(open, offset), seal).ok()) return {};
  std::uint64_t at = offset + size;
  batch.frames.reserve(frames);
  for (std::uint64_t i = 0; i < frames; ++i) {
    Frame frame{at, in.u32(), in.u32(), in.u32(), batch.next_sequence, batch.next_item};
    at += frame.size;
    batch.next_sequence += frame.records;
    batch.next_item += frame.items;
    batch.frames.push_back(frame);
  }
  if (at + batch_trailer_size > offset + batch.length) return {};
  return {std::move(batch), 0, std::string(seal.substr(aead_nonce_size))};
}

Result<std::string> open_frame(std::string_view sealed, std::uint64_t offset, const Incarnation& incarnation,
                               const Sealer& sealer) {
  return sealer.open(bound_to(text(incarnation), offset), sealed);
}

void BatchBuilder::begin(std::uint64_t first_sequence, std::uint64_t first_item) {
  writer_.clear();
  frames_.clear();
  first_sequence_ = next_sequence_ = first_sequence;
  first_item_ = next_item_ = first_item;
}

std::size_t BatchBuilder::plain_size(std::size_t index) const {
  const auto end = index + 1 < frames_.size() ? frames_[index + 1].begin : writer_.bytes().size();
  return end - frames_[index].begin;
}

BatchBuilder::Plain& BatchBuilder::room_for(std::size_t bytes) {
  const bool fits = !frames_.empty() && plain_size(frames_.size() - 1) + bytes <= frame_target;
  if (!fits) add_frame();
  return frames_.back();
}

void BatchBuilder::add_frame() {
  Plain next;
  next.begin = writer_.bytes().size();
  next.counts.first_sequence = next_sequence_;
  next.counts.first_item = next_item_;
  frames_.push_back(next);
  writer_.begin(next_sequence_);
}

void BatchBuilder::record(const Label& label, Body body, std::string_view bytes) {
  ++room_for(bytes.size()).counts.records;
  ++next_sequence_;
  writer_.record(label, body, bytes);
}

void BatchBuilder::releases(std::span<const std::uint64_t> sequences) {
  constexpr std::size_t piece = 1024;  // of at most 10 bytes each
  while (!sequences.empty()) {
    const auto some = sequences.first(std::min(sequences.size(), piece));
    room_for(3 * some.size());
    writer_.releases(some);
    sequences = sequences.subspan(some.size());
  }
}

void BatchBuilder::event(std::string_view bytes) {
  ++room_for(bytes.size()).counts.items;
  ++next_item_;
  writer_.event(bytes);
}

void BatchBuilder::claim(std::string_view bytes) {
  ++room_for(bytes.size()).counts.items;
  ++next_item_;
  writer_.claim(bytes);
}

void BatchBuilder::aside(std::string_view claim) {
  if (frames_.empty() || frames_.back().counts.items > 0) add_frame();
  room_for(claim.size());
  writer_.claim(claim);
}

std::uint64_t BatchBuilder::size() const {
  return sectors_up(batch_head_size(frames_.size()) + writer_.bytes().size() +
                    Sealer::overhead * frames_.size() + batch_trailer_size);
}

Batch BatchBuilder::seal(const Place& place, Sealer& sealer, NonceSource& nonces, std::string& out) const {
  Batch batch{BatchKind::data, nonces.epoch(), place.number, place.offset, size(), first_sequence_,
              next_sequence_,  first_item_,    next_item_,   place.time,   {}};
  std::uint64_t at = place.offset + batch_head_size(frames_.size());
  batch.frames.reserve(frames_.size());
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    auto frame = frames_[i].counts;
    frame.offset = at;
    frame.size = static_cast<std::uint32_t>(plain_size(i) + Sealer::overhead);
    at += frame.size;
    batch.frames.push_back(frame);
  }
  const auto start = out.size();
  out.reserve(start + batch.length);
  const auto trailer = put_head(batch, place, sealer, nonces, out);
  for (std::size_t i = 0; i < frames_.size(); ++i) {
    const auto aad = bound_to(text(place.incarnation), batch.frames[i].offset);
    sealer.seal(nonces.next(), aad, plain(i), out);
  }
  out.resize(start + batch.length - trailer.size());
  out.append(trailer);
  return batch;
}

Batch seal_end(const BatchBuilder::Place& place, std::uint64_t next_sequence, std::uint64_t next_item,
               Sealer& sealer, NonceSource& nonces, std::string& out) {
  Batch batch{BatchKind::end, nonces.epoch(), place.number, place.offset, sector, next_sequence,
              next_sequence,  next_item,      next_item,    place.time,   {}};
  const auto start = out.size();
  const auto trailer = put_head(batch, place, sealer, nonces, out);
  out.resize(start + batch.length - trailer.size());
  out.append(trailer);
  return batch;
}

}  // namespace postrider::journal::local

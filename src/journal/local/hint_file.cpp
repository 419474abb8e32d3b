// SPDX-License-Identifier: Apache-2.0
#include "journal/local/hint_file.h"

#include "base/crash_point.h"
#include "journal/local/file_io.h"

namespace postrider::journal::local {
namespace {

constexpr std::uint32_t magic = 0x484a5250;  // "PRJH"

std::string prefix_of(const Use& use) {
  Writer out;
  out.u32(magic);
  out.u16(format_version);
  out.u16(static_cast<std::uint16_t>(use.log));
  out.raw({reinterpret_cast<const char*>(use.incarnation.data()), use.incarnation.size()});
  return out.take();
}

void put_places(const std::vector<FramePlace>& places, Writer& out) {
  out.varint(places.size());
  FramePlace last;
  for (const auto& place : places) {
    out.varint(place.first - last.first);
    out.varint(place.offset - last.offset - last.size);
    out.varint(place.size);
    last = place;
  }
}

std::vector<FramePlace> get_places(Reader& in) {
  std::vector<FramePlace> places(in.count(3));
  FramePlace last;
  for (auto& place : places) {
    place.first = last.first + static_cast<std::uint32_t>(in.varint());
    place.offset = last.offset + last.size + static_cast<std::uint32_t>(in.varint());
    place.size = static_cast<std::uint32_t>(in.varint());
    last = place;
  }
  return places;
}

void put_content(const UseContent& use, Writer& out) {
  out.u64(use.end);
  out.u64(use.batches);
  out.u64(use.first_sequence);
  out.u64(use.next_sequence);
  out.u64(use.first_item);
  out.u64(use.next_item);
  for (auto time : {use.oldest, use.newest, use.claims_until})
    out.u64(static_cast<std::uint64_t>(millis(time)));
  put_places(use.frames, out);
  put_places(use.claim_frames, out);
  out.varint(use.lost.size());
  for (const auto& range : use.lost) {
    out.varint(range.first);
    out.varint(range.next);
  }
  out.varint(use.damage.size());
  for (const auto& damage : use.damage) {
    out.bytes(damage.where);
    out.bytes(damage.why);
  }
}

void get_content(Reader& in, UseContent& use) {
  use.end = in.u64();
  use.batches = in.u64();
  use.first_sequence = in.u64();
  use.next_sequence = in.u64();
  use.first_item = in.u64();
  use.next_item = in.u64();
  for (auto* time : {&use.oldest, &use.newest, &use.claims_until})
    *time = from_millis(static_cast<std::int64_t>(in.u64()));
  use.frames = get_places(in);
  use.claim_frames = get_places(in);
  use.lost.resize(in.count(2));
  for (auto& range : use.lost) range = {in.varint(), in.varint()};
  use.damage.resize(in.count(2));
  for (auto& damage : use.damage) damage = {std::string(in.bytes()), std::string(in.bytes())};
}

}  // namespace

void HintBuilder::record(std::uint64_t sequence, const Label& label, Body body, std::string_view bytes) {
  if (runs_.empty() || runs_.back().first + runs_.back().count != sequence) runs_.push_back({sequence, 0});
  ++runs_.back().count;
  labels_.write(label, body, 0, records_);
  if (body != Body::blob) return;
  const auto reference = BlobRef::decode(bytes).value_or(BlobRef{});
  records_.raw({reinterpret_cast<const char*>(reference.blob.name.data()), reference.blob.name.size()});
  records_.varint(reference.blob.size);
}

void HintBuilder::release(std::uint64_t sequence) {
  ++releases_;
  context_.write(sequence, released_);
}

void HintFile::read_record(Reader& in, LabelContext& labels, HintRecord& record) {
  const auto first = in.u8();
  labels.read(first, in, record.label, record.body);
  if (record.body != Body::blob) return;
  in.raw(record.blob.name.size())
      .copy(reinterpret_cast<char*>(record.blob.name.data()), record.blob.name.size());
  record.blob.size = in.varint();
}

Result<void> HintFile::write(Disk& disk, const Use& use, const HintBuilder* builder, NonceSource& nonces) {
  Writer body;
  put_content(use, body);
  const HintBuilder none;
  if (!builder) builder = &none;
  body.varint(builder->runs_.size());
  for (const auto& run : builder->runs_) {
    body.varint(run.first);
    body.varint(run.count);
  }
  body.bytes(builder->records_.view());
  body.varint(builder->releases_);
  body.bytes(builder->released_.view());

  std::string bytes = prefix_of(use);
  use.sealer->seal(nonces.next(), prefix_of(use), body.view(), bytes);
  auto file = PR_TRY(disk.open(path(use.log, use.number, Part::hint), Open::create_or_open));
  PR_TRY(file->truncate(0));  // nothing of what is there, readable or not, needs to be kept
  PR_TRY(file->write(0, bytes));
  PR_CRASH_POINT("journal.hint_written");
  PR_TRY(sync(*file));
  PR_TRY(disk.sync_directory(directory(use.log)));
  PR_CRASH_POINT("journal.hint_durable");
  return {};
}

Result<std::optional<HintFile>> HintFile::open(File& file, const Use& use, UseContent& content) {
  const std::optional<HintFile> none;
  const auto bytes = read_at(file, 0, PR_TRY(file.size()));
  if (!bytes.ok() && bytes.error().code == Code::io) return none;  // the use itself says the same
  if (!bytes.ok()) return bytes.error();
  const auto prefix = prefix_of(use);
  if (!bytes->starts_with(prefix)) return none;
  const auto body = use.sealer->open(prefix, std::string_view(*bytes).substr(prefix.size()));
  if (!body.ok()) return none;

  Reader in(*body);
  get_content(in, content);
  HintFile hint;
  hint.runs_.resize(in.count(2));
  for (auto& run : hint.runs_) run = {in.varint(), in.varint()};
  hint.records_ = in.bytes();
  hint.releases_ = in.varint();
  hint.released_ = in.bytes();
  if (!in.done()) return use.damaged("its hint is authentic and makes no sense");
  return hint;
}

Result<std::optional<HintFile>> HintFile::read(Disk& disk, Use& use) {
  auto file = disk.open(path(use.log, use.number, Part::hint), Open::existing);
  if (!file.ok() && file.error().code == Code::not_found) return std::optional<HintFile>();
  if (!file.ok()) return std::move(file).error();
  PR_TRY((*file)->drop_cache());
  auto hint = PR_TRY(open(**file, use, use));
  if (!hint) return hint;
  for (const auto& run : hint->runs_) use.live += run.count;
  use.closed = use.hinted = true;
  use.released = SequenceBits(use.first_sequence);
  return hint;
}

Result<std::optional<HintFile>> HintFile::peek(Disk& disk, const Use& use) {
  auto file = disk.open(path(use.log, use.number, Part::hint), Open::existing);
  if (!file.ok() && file.error().code == Code::not_found) return std::optional<HintFile>();
  if (!file.ok()) return std::move(file).error();
  UseContent known;
  return open(**file, use, known);
}

HintFile HintFile::of(const HintBuilder& builder) {
  HintFile hint;
  hint.runs_ = builder.runs_;
  hint.releases_ = builder.releases_;
  hint.records_ = builder.records_.view();
  hint.released_ = builder.released_.view();
  return hint;
}

}  // namespace postrider::journal::local

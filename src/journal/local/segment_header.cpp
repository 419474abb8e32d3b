// SPDX-License-Identifier: Apache-2.0
#include "journal/local/segment_header.h"

#include "base/codec.h"
#include "base/crash_point.h"
#include "journal/local/file_io.h"

namespace postrider::journal::local {
namespace {

constexpr std::uint32_t magic = 0x534a5250;  // "PRJS"
constexpr std::size_t open_size = 72;

template <std::size_t size>
std::string_view text(const std::array<std::uint8_t, size>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// What the key slot says of the use, again: a header fits one use only.
std::string identity(const Use& use) {
  Writer out;
  out.u32(magic);
  out.u16(format_version);
  out.u8(static_cast<std::uint8_t>(use.log));
  out.u8(0);
  out.u32(use.number);
  out.u64(use.serial);
  out.raw(text(use.incarnation));
  return out.take();
}

}  // namespace

Result<void> write_header(const Use& use, const SegmentHeader& header, NonceSource& nonces) {
  Writer open;
  open.raw(identity(use));
  open.raw(text(header.stream));
  open.u32(header.epoch);
  open.u64(header.first_sequence);
  open.u64(header.first_item);
  auto bytes = open.view();
  use.sealer->seal(nonces.next(), open.view(), {}, bytes);
  bytes.resize(sector);
  PR_TRY(use.file->write(0, bytes));
  PR_CRASH_POINT("journal.header_written");
  PR_TRY(sync(*use.file));
  PR_CRASH_POINT("journal.header_durable");
  return {};
}

Result<std::optional<SegmentHeader>> read_header(const Use& use) {
  const std::optional<SegmentHeader> none;
  const auto bytes = PR_TRY(read_through(use, 0, sector));
  const auto expected = identity(use);
  if (bytes.size() < sector || !bytes.starts_with(expected)) return none;
  const std::string_view view(bytes);
  if (!use.sealer->open(view.substr(0, open_size), view.substr(open_size, Sealer::overhead)).ok())
    return none;
  Reader in(view.substr(expected.size()));
  SegmentHeader header;
  in.raw(header.stream.size()).copy(reinterpret_cast<char*>(header.stream.data()), header.stream.size());
  header.epoch = in.u32();
  header.first_sequence = in.u64();
  header.first_item = in.u64();
  return header;
}

}  // namespace postrider::journal::local

// SPDX-License-Identifier: Apache-2.0
#include "journal/local/stream_file.h"

#include <algorithm>

#include "base/codec.h"
#include "base/crash_point.h"
#include "journal/local/file_io.h"
#include "journal/local/salvage.h"

namespace postrider::journal::local {
namespace {

constexpr std::uint32_t magic = 0x544a5250;  // "PRJT"
constexpr std::size_t body_size = 16 + 8 + 4 + 3 * 8;
constexpr std::size_t prefix_size = 8;
constexpr std::size_t copy_size = prefix_size + Sealer::overhead + body_size;

std::string prefix() {
  Writer out;
  out.u32(magic);
  out.u16(format_version);
  out.u16(0);
  return out.take();
}

}  // namespace

Result<std::optional<StreamIdentity>> StreamFile::load() const {
  auto file = open_settled(disk_, "stream");
  if (!file.ok() && file.error().code == Code::not_found) return std::optional<StreamIdentity>();
  if (!file.ok()) return std::move(file).error();
  Salvage salvage(**file, "stream");
  std::optional<StreamIdentity> newest;
  bool blank = true;
  for (std::uint64_t copy = 0; copy < 2; ++copy) {
    const auto bytes = PR_TRY(salvage.read(copy * page_bytes, copy_size));
    blank = blank && std::ranges::all_of(bytes, [](char c) { return c == 0; });
    if (!bytes.starts_with(prefix())) continue;
    auto body = sealer_.open(prefix(), std::string_view(bytes).substr(prefix_size));
    if (!body.ok()) continue;
    Reader in(*body);
    StreamIdentity found;
    in.raw(16).copy(reinterpret_cast<char*>(found.stream.data()), 16);
    found.incarnation = in.u64();
    found.epoch = in.u32();
    found.next_sequence = in.u64();
    found.next_item = in.u64();
    found.carried_item = in.u64();
    if (in.done() && (!newest || newest->epoch <= found.epoch)) newest = found;
  }
  if (!newest && salvage.pages().size() == 2)
    return Error{Code::io, "neither copy in the file `stream` can be read"};
  if (!newest && !blank) return Error{Code::corrupt, "no copy of the file `stream` opens with this key"};
  return newest;
}

Result<void> StreamFile::store(const StreamIdentity& identity, Random& random) {
  auto file = PR_TRY(disk_.open("stream", Open::create_or_open));
  Writer body;
  body.raw({reinterpret_cast<const char*>(identity.stream.data()), identity.stream.size()});
  body.u64(identity.incarnation);
  body.u32(identity.epoch);
  body.u64(identity.next_sequence);
  body.u64(identity.next_item);
  body.u64(identity.carried_item);
  for (std::uint64_t copy = 0; copy < 2; ++copy) {
    Nonce nonce;
    random.fill(nonce);
    std::string bytes = prefix();
    sealer_.seal(nonce, prefix(), body.view(), bytes);
    bytes.resize(page_bytes);
    PR_TRY(file->write(copy * page_bytes, bytes));
    PR_TRY(sync(*file));
    if (copy == 0) {
      PR_TRY(disk_.sync_directory(""));
      PR_CRASH_POINT("journal.epoch_first");
    }
  }
  PR_CRASH_POINT("journal.epoch_durable");
  return {};
}

}  // namespace postrider::journal::local

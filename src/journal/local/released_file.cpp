// SPDX-License-Identifier: Apache-2.0
#include "journal/local/released_file.h"

#include "base/codec.h"
#include "base/crash_point.h"
#include "journal/local/file_io.h"
#include "journal/local/salvage.h"

namespace postrider::journal::local {
namespace {

constexpr std::uint32_t magic = 0x524a5250;  // "PRJR"

std::string prefix_of(const Use& use) {
  Writer out;
  out.u32(magic);
  out.u16(format_version);
  out.u16(0);
  out.raw({reinterpret_cast<const char*>(use.incarnation.data()), use.incarnation.size()});
  return out.take();
}

std::uint64_t words_of(const Use& use) {
  return (use.records() + 63) / 64;
}

// A closed use has a fixed number of records, so both copies have their place from the start.
std::uint64_t copy_size(const Use& use) {
  return prefix_of(use).size() + Sealer::overhead + 8 * words_of(use);
}
std::uint64_t second_copy(const Use& use) {
  return (copy_size(use) + page_bytes - 1) / page_bytes * page_bytes;
}

}  // namespace

Result<void> ReleasedFile::write(Disk& disk, const Use& use, NonceSource& nonces) {
  Writer words;
  for (auto word : use.released.words()) words.u64(word);
  for (auto count = use.released.words().size(); count < words_of(use); ++count) words.u64(0);
  auto file = PR_TRY(disk.open(path(use.log, use.number, Part::released), Open::create_or_open));
  for (const auto offset : {std::uint64_t{0}, second_copy(use)}) {
    std::string copy = prefix_of(use);
    use.sealer->seal(nonces.next(), prefix_of(use), words.view(), copy);
    copy.resize(second_copy(use));
    PR_TRY(file->write(offset, copy));
    PR_TRY(sync(*file));
    if (offset == 0) {
      PR_TRY(disk.sync_directory(directory(use.log)));
      PR_CRASH_POINT("journal.released_first");
    }
  }
  PR_CRASH_POINT("journal.released_durable");
  return {};
}

Result<void> ReleasedFile::read(Disk& disk, Use& use) {
  auto file = open_settled(disk, path(use.log, use.number, Part::released));
  if (!file.ok() && file.error().code == Code::not_found) return {};
  if (!file.ok()) return std::move(file).error();
  const auto prefix = prefix_of(use);
  const auto name = path(use.log, use.number, Part::released);
  Salvage salvage(**file, name);
  std::vector<std::string> copies;
  for (const auto offset : {std::uint64_t{0}, second_copy(use)}) {
    const auto copy = PR_TRY(salvage.read(offset, copy_size(use)));
    if (!copy.starts_with(prefix)) continue;
    auto words = use.sealer->open(prefix, std::string_view(copy).substr(prefix.size()));
    if (words.ok()) copies.push_back(*std::move(words));
  }
  if (copies.empty() && !salvage.pages().empty())
    use.damage.push_back({name, "cannot be read: what it says is done with may be done again"});
  for (const auto& words : copies) {
    Reader in(words);
    for (auto base = use.first_sequence; in.left() >= 8; base += 64) {
      for (auto word = in.u64(); word != 0; word &= word - 1)
        use.release(base + static_cast<std::uint64_t>(std::countr_zero(word)));
    }
  }
  // One copy alone is believed, but not relied upon.
  if (copies.size() == 2 && copies[0] == copies[1]) use.release_durable = use.release_count;
  return {};
}

}  // namespace postrider::journal::local

// SPDX-License-Identifier: Apache-2.0
#include "flow/road/suspects.h"

#include <algorithm>
#include <utility>

#include "base/codec.h"

namespace postrider {
namespace {

constexpr std::uint32_t format = 0x31505350;  // "PSP1"
constexpr unsigned enough = 2;  // deaths until a recipient, or recipients until a message, is held
constexpr unsigned most_deaths = 255;

}  // namespace

Result<void> Suspects::load() {
  auto file = disk_.open(path_, Open::existing);
  if (!file.ok() && file.error().code == Code::not_found) return {};
  if (!file.ok()) return std::move(file).error();
  std::string bytes(PR_TRY((*file)->size()), '\0');
  bytes.resize(PR_TRY((*file)->read(0, bytes)));
  Reader reader(bytes);
  if (reader.u32() != format) return Error{Code::corrupt, path_ + " is not in a format we know"};
  const auto counted = reader.u64();
  std::map<RecipientId, unsigned> deaths;
  for (auto left = reader.count(21); left > 0; --left) {
    RecipientId id;
    id.message = reader.wide_id<struct MessageTag>();
    id.n = reader.u32();
    deaths[id] = reader.u8();
  }
  if (!reader.done()) return Error{Code::corrupt, path_ + " is damaged"};
  counted_ = counted;
  deaths_ = std::move(deaths);
  convict();
  return {};
}

// The whole file beside the old one, then its name: there is always one that is whole.
Result<void> Suspects::save() const {
  Writer writer;
  writer.u32(format);
  writer.u64(counted_);
  writer.varint(deaths_.size());
  for (const auto& [id, deaths] : deaths_) {
    writer.id(id.message);
    writer.u32(id.n);
    writer.u8(static_cast<std::uint8_t>(std::min(deaths, most_deaths)));
  }
  const auto fresh = path_ + ".new";
  {
    auto file = PR_TRY(disk_.open(fresh, Open::create_or_open));
    PR_TRY(file->truncate(0));
    PR_TRY(file->write(0, writer.view()));
    PR_TRY(file->sync());
  }
  PR_TRY(disk_.rename(fresh, path_));
  return disk_.sync_directory("");
}

void Suspects::died(std::uint64_t life, std::vector<io::Work> works) {
  life_ = life;
  works_ = std::move(works);
}

Result<void> Suspects::judge(const Queue& queue) {
  const auto before = deaths_.size();
  std::erase_if(deaths_, [&](const auto& entry) { return !queue.find(entry.first); });
  bool changed = deaths_.size() != before;
  const auto works = std::exchange(works_, {});
  if (life_ != 0 && life_ != counted_) {
    changed = true;
    counted_ = life_;
    for (const auto& work : works) {
      const auto* message = queue.find(MessageId{work.message});
      for (auto* recipient = message ? message->recipients : nullptr; recipient;
           recipient = recipient->sibling)
        if (recipient->n >= work.first && recipient->n <= work.last) ++deaths_[recipient->id()];
    }
  }
  convict();
  if (!changed) return {};
  return save();
}

void Suspects::convict() {
  std::map<MessageId, unsigned> held;
  for (const auto& [id, deaths] : deaths_)
    if (deaths >= enough) ++held[id.message];
  convicted_.clear();
  for (const auto& [message, recipients] : held)
    if (recipients >= enough) convicted_.insert(message);
}

Suspects::Verdict Suspects::of(const RecipientId& id) const {
  const auto found = deaths_.find(id);
  if (found != deaths_.end() && found->second == 0) return Verdict::free;
  if (found != deaths_.end() && found->second >= enough) return Verdict::held;
  if (convicted_.contains(id.message)) return Verdict::held;
  return found == deaths_.end() ? Verdict::free : Verdict::suspected;
}

Result<void> Suspects::acquit(std::span<const RecipientId> ids) {
  for (const auto& id : ids) deaths_[id] = 0;
  convict();
  return save();
}

}  // namespace postrider

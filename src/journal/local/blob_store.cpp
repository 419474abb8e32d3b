// SPDX-License-Identifier: Apache-2.0
#include "journal/local/blob_store.h"

#include <set>

#include "base/codec.h"
#include "base/crash_point.h"
#include "base/encoding.h"
#include "journal/local/file_io.h"

namespace postrider::journal::local {
namespace {

constexpr std::uint32_t magic = 0x4f4a5250;  // "PRJO"

std::string_view text(const BlobName& name) {
  return {reinterpret_cast<const char*>(name.data()), name.size()};
}
std::string path_of(const BlobName& name) {
  return "blobs/" + hex(text(name));
}

std::string prefix_of(const BlobName& name) {
  Writer out;
  out.u32(magic);
  out.u16(format_version);
  out.u16(0);
  out.raw(text(name));
  return out.take();
}

}  // namespace

std::string BlobRef::encode() const {
  Writer out;
  out.raw(text(blob.name));
  out.varint(blob.size);
  out.raw({reinterpret_cast<const char*>(key.data()), key.size()});
  return out.take();
}

std::optional<BlobRef> BlobRef::decode(std::string_view bytes) {
  Reader in(bytes);
  BlobRef reference;
  in.raw(reference.blob.name.size())
      .copy(reinterpret_cast<char*>(reference.blob.name.data()), reference.blob.name.size());
  reference.blob.size = in.varint();
  in.raw(reference.key.size()).copy(reinterpret_cast<char*>(reference.key.data()), reference.key.size());
  if (!in.done()) return std::nullopt;
  return reference;
}

Result<Blob> BlobStore::stage(std::string_view bytes) {
  BlobRef reference;
  random_.fill(reference.blob.name);
  random_.fill(reference.key);
  reference.blob.size = bytes.size();
  const auto name = path_of(reference.blob.name);
  auto content = prefix_of(reference.blob.name);
  Sealer(reference.key).seal(nonces_.next(), prefix_of(reference.blob.name), bytes, content);

  auto file = PR_TRY(disk_.open(name, Open::create_new));
  const auto put = [&]() -> Result<void> {
    PR_TRY(file->write(0, content));
    PR_CRASH_POINT("journal.blob_written");
    if (!PR_MUTANT(16)) PR_TRY(sync(*file));  // planted: a big body is not synced
    PR_TRY(disk_.sync_directory("blobs"));
    PR_CRASH_POINT("journal.blob_durable");
    return {};
  };
  if (auto durable = put(); !durable.ok()) {
    static_cast<void>(disk_.remove(name));  // otherwise the next recovery does it
    return std::move(durable).error();
  }
  std::lock_guard lock(mutex_);
  staged_.emplace(reference.blob.name, reference);
  bytes_ += bytes.size();
  return reference.blob;
}

void BlobStore::unstage(const Blob& blob) {
  std::lock_guard lock(mutex_);
  const auto found = staged_.find(blob.name);
  if (found == staged_.end()) return;
  bytes_ -= found->second.blob.size;
  dead_.push_back(found->first);
  staged_.erase(found);
}

std::optional<BlobRef> BlobStore::staged(const Blob& blob) const {
  std::lock_guard lock(mutex_);
  const auto found = staged_.find(blob.name);
  if (found == staged_.end()) return std::nullopt;
  return found->second;
}

Result<std::string> BlobStore::read(Disk& disk, const BlobRef& reference) {
  const auto name = path_of(reference.blob.name);
  auto file = disk.open(name, Open::existing);
  if (!file.ok()) {
    if (file.error().code != Code::not_found) return std::move(file).error();
    return Error{Code::corrupt, name + " is missing"};
  }
  const auto bytes = PR_TRY(read_at(**file, 0, PR_TRY((*file)->size())));
  const auto prefix = prefix_of(reference.blob.name);
  if (!bytes.starts_with(prefix)) return Error{Code::corrupt, name + " is damaged"};
  return Sealer(reference.key).open(prefix, std::string_view(bytes).substr(prefix.size()));
}

void BlobStore::hold(Sequence sequence, const Blob& blob) {
  std::lock_guard lock(mutex_);
  auto& held = held_[blob.name];
  if (staged_.erase(blob.name) == 0 && held.records == 0) bytes_ += blob.size;
  held.size = blob.size;
  ++held.records;
  by_sequence_[sequence.value] = blob.name;
}

void BlobStore::release(Sequence sequence) {
  std::lock_guard lock(mutex_);
  const auto found = by_sequence_.find(sequence.value);
  if (found == by_sequence_.end()) return;
  const auto held = held_.find(found->second);
  if (--held->second.records == 0) {
    dead_.push_back(held->first);
    bytes_ -= held->second.size;
    held_.erase(held);
  }
  by_sequence_.erase(found);
}

bool BlobStore::remove_one() {
  BlobName name;
  {
    std::lock_guard lock(mutex_);
    if (dead_.empty()) return false;
    name = dead_.back();
    dead_.pop_back();
  }
  // If the removal fails or a crash undoes it, the next recovery finds an orphan.
  static_cast<void>(disk_.remove(path_of(name)));
  PR_CRASH_POINT("journal.blob_removed");
  std::lock_guard lock(mutex_);
  return !dead_.empty();
}

Result<void> BlobStore::remove_orphans() {
  const auto names = PR_TRY(disk_.list("blobs"));
  std::set<std::string> wanted;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, held] : held_) wanted.insert(hex(text(name)));
  }
  for (const auto& name : names) {
    if (!wanted.contains(name)) static_cast<void>(disk_.remove("blobs/" + name));
  }
  return {};
}

std::uint64_t BlobStore::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace postrider::journal::local

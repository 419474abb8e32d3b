// SPDX-License-Identifier: Apache-2.0
#include "testing/faulty_disk.h"

#include <algorithm>
#include <numeric>

namespace postrider::testing {
namespace {

constexpr std::uint64_t page = 4096;

std::string_view parent(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? std::string_view() : path.substr(0, slash);
}

// The data directory itself has three spellings.
std::string_view plain(std::string_view path) {
  if (path == "." || path == "/") return {};
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

Error no_such(std::string_view path) {
  return {Code::not_found, "no such file: " + std::string(path)};
}

}  // namespace

class FaultyDisk::OpenFile final : public File {
 public:
  OpenFile(FaultyDisk& disk, std::string path, InodePtr inode)
      : disk_(disk), path_(std::move(path)), inode_(std::move(inode)), life_(disk.life_) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<char> into) const override {
    PR_TRY(begin(DiskOperation::read));
    const auto first = inode_->spoiled.lower_bound(offset / page);
    if (first != inode_->spoiled.end() && *first * page < std::min(offset + into.size(), inode_->data.size()))
      return unreadable();
    return inode_->data.read(offset, into);
  }

  Result<void> write(std::uint64_t offset, std::string_view bytes) override {
    if (auto begun = begin(DiskOperation::write); !begun.ok()) {
      if (alive()) write_part(offset, bytes.substr(0, disk_.random_.between(0, bytes.size())));
      return begun;
    }
    if (spoils(offset, bytes.size())) return unreadable();
    if (auto room = disk_.make_room(*inode_, offset + bytes.size()); !room.ok()) {
      const auto reachable = inode_->data.size() + disk_.capacity_ - std::min(disk_.capacity_, disk_.used_);
      if (reachable > offset) write_part(offset, bytes.substr(0, reachable - offset));
      return room;
    }
    write_part(offset, bytes);
    return {};
  }

  Result<void> sync() override {
    if (auto begun = begin(DiskOperation::sync); !begun.ok()) {
      if (alive()) inode_->data.fail_sync();
      return begun;
    }
    inode_->data.sync();
    return {};
  }

  Result<void> truncate(std::uint64_t size) override {
    PR_TRY(begin(DiskOperation::truncate));
    inode_->spoiled.erase(inode_->spoiled.lower_bound((size + page - 1) / page), inode_->spoiled.end());
    disk_.resize(*inode_, size);
    return {};
  }

  Result<std::uint64_t> size() const override {
    if (!alive()) return dead();
    return inode_->data.size();
  }

  Result<void> allocate(std::uint64_t size) override {
    PR_TRY(begin(DiskOperation::allocate));
    PR_TRY(disk_.make_room(*inode_, size));
    disk_.resize(*inode_, std::max(size, inode_->data.size()));
    return {};
  }

  Result<void> drop_cache() override {
    PR_TRY(begin(DiskOperation::drop_cache));
    inode_->data.drop_cache();
    return {};
  }

 private:
  bool alive() const { return life_ == disk_.life_ && !disk_.down_; }
  Error unreadable() const { return {Code::io, "a page of " + path_ + " is spoiled"}; }
  // Whether writing there needs what cannot be read; pages that are written as a whole are good again.
  bool spoils(std::uint64_t offset, std::uint64_t size) const {
    std::erase_if(inode_->spoiled,
                  [&](std::uint64_t at) { return offset <= at * page && (at + 1) * page <= offset + size; });
    return std::ranges::any_of(inode_->spoiled, [&](std::uint64_t at) {
      return at * page < offset + size && offset < (at + 1) * page;
    });
  }
  Error dead() const { return {Code::closed, "the machine went down under " + path_}; }

  Result<void> begin(DiskOperation operation) const {
    if (!alive()) return dead();
    auto begun = disk_.begin(operation, path_);
    if (!alive()) return dead();
    return begun;
  }

  void write_part(std::uint64_t offset, std::string_view bytes) {
    if (bytes.empty()) return;
    disk_.resize(*inode_, std::max(offset + bytes.size(), inode_->data.size()));
    inode_->data.write(offset, bytes);
  }

  FaultyDisk& disk_;
  std::string path_;
  InodePtr inode_;
  std::uint64_t life_;
};

FaultyDisk::FaultyDisk(std::uint64_t seed, std::uint64_t capacity) : random_(seed), capacity_(capacity) {}

Result<std::unique_ptr<File>> FaultyDisk::open(std::string_view path, Open how) {
  PR_TRY(begin(DiskOperation::open, path));
  auto found = names_.find(path);
  if (found == names_.end()) {
    if (how == Open::existing || !is_directory(parent(path))) return no_such(path);
    auto inode = std::make_shared<Inode>();
    change({std::string(parent(path)), {}, std::string(path), inode});
    return std::make_unique<OpenFile>(*this, std::string(path), std::move(inode));
  }
  if (how == Open::create_new) return Error{Code::exists, "exists: " + std::string(path)};
  if (found->second->directory) return Error{Code::io, "is a directory: " + std::string(path)};
  return std::make_unique<OpenFile>(*this, std::string(path), found->second);
}

Result<void> FaultyDisk::rename(std::string_view from, std::string_view to) {
  PR_TRY(begin(DiskOperation::rename, from));
  const auto found = names_.find(from);
  if (found == names_.end() || !is_directory(parent(to))) return no_such(from);
  if (found->second->directory) return Error{Code::io, "is a directory: " + std::string(from)};
  if (from == to) return {};
  const auto inode = found->second;
  if (const auto replaced = names_.find(to); replaced != names_.end()) unname(replaced->second);
  if (parent(from) == parent(to)) {
    change({std::string(parent(to)), std::string(from), std::string(to), inode});
  } else {
    change({std::string(parent(to)), {}, std::string(to), inode});
    change({std::string(parent(from)), std::string(from), {}, {}});
  }
  return {};
}

Result<void> FaultyDisk::remove(std::string_view path) {
  PR_TRY(begin(DiskOperation::remove, path));
  const auto found = names_.find(path);
  if (found == names_.end()) return no_such(path);
  if (found->second->directory) return Error{Code::io, "is a directory: " + std::string(path)};
  unname(found->second);
  change({std::string(parent(path)), std::string(path), {}, {}});
  return {};
}

Result<void> FaultyDisk::make_directory(std::string_view path) {
  path = plain(path);
  PR_TRY(begin(DiskOperation::make_directory, path));
  if (is_directory(path)) return {};
  if (names_.contains(path)) return Error{Code::exists, "a file: " + std::string(path)};
  if (!is_directory(parent(path))) return no_such(path);
  auto inode = std::make_shared<Inode>();
  inode->directory = true;
  change({std::string(parent(path)), {}, std::string(path), std::move(inode)});
  return {};
}

Result<std::vector<std::string>> FaultyDisk::list(std::string_view path) {
  path = plain(path);
  PR_TRY(begin(DiskOperation::list, path));
  if (!is_directory(path)) return no_such(path);
  std::vector<std::string> found;
  for (const auto& [name, inode] : names_) {
    if (!inode->directory && parent(name) == path)
      found.push_back(name.substr(path.empty() ? 0 : path.size() + 1));
  }
  return found;
}

Result<void> FaultyDisk::sync_directory(std::string_view path) {
  path = plain(path);
  PR_TRY(begin(DiskOperation::sync_directory, path));
  if (!is_directory(path)) return no_such(path);
  std::erase_if(changes_, [&](const NameChange& change) {
    if (change.directory != path) return false;
    apply(durable_names_, change);
    return true;
  });
  return {};
}

Result<Disk::Space> FaultyDisk::space() {
  PR_TRY(begin(DiskOperation::space, {}));
  return Space{capacity_, capacity_ - std::min(capacity_, used_)};
}

void FaultyDisk::crash(Unsynced fate) {
  ++life_;
  for (const auto& change : changes_) {
    const bool arrives = fate == Unsynced::kept || (fate == Unsynced::random && random_.one_in(2));
    if (arrives) apply(durable_names_, change);
  }
  changes_.clear();
  // What lay in a directory that never got its name is gone with it.
  std::erase_if(durable_names_, [&](const auto& name) {
    for (auto above = parent(name.first); !above.empty(); above = parent(above)) {
      if (!durable_names_.contains(above)) return true;
    }
    return false;
  });
  names_ = durable_names_;
  used_ = 0;
  for (const auto& [name, inode] : names_) {
    inode->data.power_cut(random_, fate);
    inode->named = true;
    used_ += inode->data.size();
  }
}

void FaultyDisk::kill() {
  ++life_;
}

std::size_t FaultyDisk::rot(std::string_view prefix, std::size_t bits) {
  std::vector<Sectors*> candidates;
  for (const auto& [name, inode] : names_) {
    if (name.starts_with(prefix) && inode->data.durable_size() > 0) candidates.push_back(&inode->data);
  }
  if (candidates.empty()) return 0;
  std::size_t flipped = 0;
  for (std::size_t tries = 0; flipped < bits && tries < 64 * bits; ++tries) {
    auto& data = *candidates[random_.between(0, candidates.size() - 1)];
    const auto offset = random_.between(0, data.durable_size() - 1);
    if (!data.written(offset)) continue;
    data.rot(offset, static_cast<unsigned>(random_.between(0, 7)));
    ++flipped;
  }
  return flipped;
}

void FaultyDisk::rot_at(std::string_view path, std::uint64_t offset) {
  if (const auto found = names_.find(path); found != names_.end()) found->second->data.rot(offset, 0);
}

void FaultyDisk::spoil(std::string_view path, std::uint64_t offset) {
  if (const auto found = names_.find(path); found != names_.end())
    found->second->spoiled.insert(offset / page);
}

void FaultyDisk::drop_caches() {
  for (const auto& [name, inode] : names_) inode->data.drop_cache();
}

std::uint64_t FaultyDisk::count() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

std::vector<std::string> FaultyDisk::files(std::string_view prefix) const {
  std::vector<std::string> found;
  for (const auto& [name, inode] : names_) {
    if (!inode->directory && name.starts_with(prefix)) found.push_back(name);
  }
  return found;
}

Result<void> FaultyDisk::begin(DiskOperation operation, std::string_view path) {
  const auto life = life_;
  if (!down_ && hook_) hook_(operation, path);
  if (down_ || life != life_) return Error{Code::closed, "the machine is down"};
  ++counts_[static_cast<std::size_t>(operation)];
  for (auto& fault : faults_) {
    if (!(fault.operations & on({operation})) || !path.starts_with(fault.prefix) || fault.times == 0)
      continue;
    if (fault.after > 0) {
      --fault.after;
      continue;
    }
    --fault.times;
    ++failed_;
    return Error{fault.code, "planted fault at " + std::string(path)};
  }
  return {};
}

Result<void> FaultyDisk::make_room(Inode& inode, std::uint64_t size) {
  if (!inode.named || size <= inode.data.size()) return {};
  if (size - inode.data.size() <= capacity_ - std::min(capacity_, used_)) return {};
  return Error{Code::exhausted, "no space left on the disk"};
}

void FaultyDisk::resize(Inode& inode, std::uint64_t size) {
  if (inode.named) used_ = used_ - inode.data.size() + size;
  if (size != inode.data.size()) inode.data.resize(size);
}

void FaultyDisk::change(NameChange change) {
  apply(names_, change);
  changes_.push_back(std::move(change));
}

void FaultyDisk::apply(Names& names, const NameChange& change) {
  if (!change.erased.empty()) names.erase(change.erased);
  if (!change.set.empty()) names[change.set] = change.inode;
}

bool FaultyDisk::is_directory(std::string_view path) const {
  if (path.empty()) return true;
  const auto found = names_.find(path);
  return found != names_.end() && found->second->directory;
}

void FaultyDisk::unname(const InodePtr& inode) {
  if (!inode->named) return;
  inode->named = false;
  used_ -= inode->data.size();
}

}  // namespace postrider::testing

// SPDX-License-Identifier: Apache-2.0
#include "io/posix_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "io/errno_error.h"
#include "io/retried.h"

namespace postrider::io {
namespace {

class PosixFile final : public File {
 public:
  PosixFile(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<char> into) const override {
    std::size_t done = 0;
    while (done < into.size()) {
      ssize_t got = retried([&] {
        return ::pread(fd_.get(), into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
      });
      if (got < 0) return failed("read");
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Result<void> write(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      ssize_t put = retried(
          [&] { return ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
      if (put < 0) return failed("write");
      bytes.remove_prefix(static_cast<std::size_t>(put));
      offset += static_cast<std::uint64_t>(put);
    }
    return {};
  }

  // Not retried, whatever the reason: the kernel reports a lost write once and then forgets it.
  Result<void> sync() override {
    if (::fdatasync(fd_.get()) != 0) return failed("sync");
    return {};
  }

  Result<void> truncate(std::uint64_t size) override {
    if (retried([&] { return ::ftruncate(fd_.get(), static_cast<off_t>(size)); }) != 0)
      return failed("truncate");
    return {};
  }

  Result<std::uint64_t> size() const override {
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0) return failed("stat");
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<void> allocate(std::uint64_t size) override {
    if (PR_TRY(this->size()) > size) return truncate(size);
    if (size == 0) return {};
    const int error =
        retried_error([&] { return ::posix_fallocate(fd_.get(), 0, static_cast<off_t>(size)); });
    if (error != 0) return errno_error(error, "allocate " + path_);
    return {};
  }

  Result<void> drop_cache() override {
    if (int error = ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_DONTNEED); error != 0)
      return errno_error(error, "drop cache " + path_);
    return {};
  }

 private:
  Error failed(const char* doing) const { return errno_error(errno, std::string(doing) + " " + path_); }

  UniqueFd fd_;
  std::string path_;
};

int flags(Open how) {
  switch (how) {
    case Open::existing:
      return 0;
    case Open::create_new:
      return O_CREAT | O_EXCL;
    case Open::create_or_open:
      return O_CREAT;
  }
  return 0;
}

// "" means the root itself.
UniqueFd open_directory(int root, std::string_view path) {
  const std::string name(path.empty() ? "." : path);
  return UniqueFd(retried([&] { return ::openat(root, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
}

}  // namespace

Result<std::unique_ptr<PosixDisk>> PosixDisk::open_root(std::string root) {
  if (::mkdir(root.c_str(), 0700) != 0 && errno != EEXIST)
    return errno_error(errno, "make directory " + root);
  UniqueFd fd(retried([&] { return ::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!fd) return errno_error(errno, "open directory " + root);
  return std::unique_ptr<PosixDisk>(new PosixDisk(std::move(root), std::move(fd)));
}

std::string PosixDisk::words(std::string_view doing, std::string_view path) const {
  return std::string(doing) + " " + root_ + "/" + std::string(path);
}

Result<std::unique_ptr<File>> PosixDisk::open(std::string_view path, Open how) {
  std::string name(path);
  UniqueFd fd(
      retried([&] { return ::openat(fd_.get(), name.c_str(), O_RDWR | O_CLOEXEC | flags(how), 0600); }));
  if (!fd) return errno_error(errno, words("open", path));
  return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(fd), root_ + "/" + name));
}

Result<void> PosixDisk::rename(std::string_view from, std::string_view to) {
  if (::renameat(fd_.get(), std::string(from).c_str(), fd_.get(), std::string(to).c_str()) != 0)
    return errno_error(errno, words("rename", from) + " to " + std::string(to));
  return {};
}

Result<void> PosixDisk::remove(std::string_view path) {
  if (::unlinkat(fd_.get(), std::string(path).c_str(), 0) != 0)
    return errno_error(errno, words("remove", path));
  return {};
}

Result<void> PosixDisk::make_directory(std::string_view path) {
  if (::mkdirat(fd_.get(), std::string(path).c_str(), 0700) != 0 && errno != EEXIST)
    return errno_error(errno, words("make directory", path));
  return {};
}

Result<std::vector<std::string>> PosixDisk::list(std::string_view path) {
  UniqueFd fd = open_directory(fd_.get(), path);
  if (!fd) return errno_error(errno, words("list", path));
  std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(fd.get()), ::closedir);
  if (!directory) return errno_error(errno, words("list", path));
  fd.release();  // The directory closes it now.

  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) break;
    bool file = entry->d_type == DT_REG;
    if (entry->d_type == DT_UNKNOWN) {  // Some file systems do not say.
      struct stat status{};
      file = ::fstatat(::dirfd(directory.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
             S_ISREG(status.st_mode);
    }
    if (file) names.emplace_back(entry->d_name);
  }
  if (errno != 0) return errno_error(errno, words("list", path));
  std::ranges::sort(names);
  return names;
}

Result<void> PosixDisk::sync_directory(std::string_view path) {
  UniqueFd fd = open_directory(fd_.get(), path);
  if (!fd || ::fsync(fd.get()) != 0) return errno_error(errno, words("sync directory", path));
  return {};
}

Result<Disk::Space> PosixDisk::space() {
  struct statvfs status{};
  if (retried([&] { return ::fstatvfs(fd_.get(), &status); }) != 0)
    return errno_error(errno, words("statvfs", ""));
  // f_bavail, not f_bfree: what root keeps for itself is not ours.
  return Space{.total = status.f_blocks * status.f_frsize, .free = status.f_bavail * status.f_frsize};
}

Result<FileLock> PosixDisk::lock(std::string_view path) {
  UniqueFd fd(retried(
      [&] { return ::openat(fd_.get(), std::string(path).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600); }));
  if (!fd) return errno_error(errno, words("open", path));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return Error{Code::unavailable, words("locked by another process:", path)};
    return errno_error(errno, words("lock", path));
  }
  return FileLock(std::move(fd));
}

}  // namespace postrider::io

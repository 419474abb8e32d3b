// SPDX-License-Identifier: Apache-2.0
#include "io/crash_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "io/errno_error.h"
#include "io/retried.h"
#include "io/unique_fd.h"

namespace postrider::io {
namespace {

constexpr std::uint64_t magic = 0x31'68'73'61'72'63'72'70;  // "prcrash1"

}  // namespace

// A build's own: another layout has another magic number, and what it says is not understood.
struct CrashFile::Layout {
  std::uint64_t magic;
  std::uint64_t life;
  std::atomic<std::uint32_t> signal;
  std::array<WorkCells::Cell, 256> cells;
};

CrashFile::CrashFile(Layout& layout) : layout_(layout), cells_(layout.cells) {
  if (layout.magic != magic || layout.signal == 0) return;
  death_ = Death{layout.life, static_cast<int>(layout.signal.load()), cells_.busy()};
}

CrashFile::~CrashFile() {
  mark_.reset();
  ::munmap(&layout_, sizeof(Layout));
}

Result<std::unique_ptr<CrashFile>> CrashFile::open(const std::string& path) {
  const UniqueFd fd(retried([&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600); }));
  if (fd.get() < 0) return errno_error(errno, "open " + path);
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return errno_error(errno, "stat " + path);
  // Room on the disk for every page: a store into a hole of a full disk would end us by SIGBUS.
  const int error = retried_error([&] { return ::posix_fallocate(fd.get(), 0, sizeof(Layout)); });
  if (error != 0) return errno_error(error, "allocate " + path);
  void* memory = ::mmap(nullptr, sizeof(Layout), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return errno_error(errno, "map " + path);
  return std::unique_ptr<CrashFile>(new CrashFile(*static_cast<Layout*>(memory)));
}

void CrashFile::begin(std::uint64_t life) {
  layout_.signal = 0;
  cells_.clear();
  layout_.life = life;
  layout_.magic = magic;
  mark_.emplace(layout_.signal);
}

}  // namespace postrider::io

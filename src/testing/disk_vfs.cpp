// SPDX-License-Identifier: Apache-2.0
#include "testing/disk_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>

namespace postrider::testing {

namespace {

// The world as SQLite's callbacks receive it.
struct World {
  Disk& disk;
  const Clock& clock;
  Random& random;
};

std::string_view parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? std::string_view() : path.substr(0, slash);
}

// What SQLite allocates as szOsFile bytes; it is constructed by open() and destroyed by close().
struct OpenFile {
  sqlite3_file base;
  File* file;
  Disk* disk;
  char* path;  // only while its name is not durable yet, or it goes away on close
  bool name_is_durable;
  bool delete_on_close;
};

OpenFile& of(sqlite3_file* file) {
  return *reinterpret_cast<OpenFile*>(file);
}

int code_of(const Error& error, int otherwise) {
  return error.code == Code::exhausted ? SQLITE_FULL : otherwise;
}

int close(sqlite3_file* file) {
  auto& open = of(file);
  delete open.file;
  if (open.delete_on_close) static_cast<void>(open.disk->remove(open.path));
  delete[] open.path;
  return SQLITE_OK;
}

int read(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) {
  const std::span<char> bytes(static_cast<char*>(into), static_cast<std::size_t>(size));
  const auto got = of(file).file->read(static_cast<std::uint64_t>(offset), bytes);
  if (!got) return SQLITE_IOERR_READ;
  if (*got == bytes.size()) return SQLITE_OK;
  std::ranges::fill(bytes.subspan(*got), '\0');  // SQLite relies on it
  return SQLITE_IOERR_SHORT_READ;
}

int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  const std::string_view bytes(static_cast<const char*>(from), static_cast<std::size_t>(size));
  const auto done = of(file).file->write(static_cast<std::uint64_t>(offset), bytes);
  return done ? SQLITE_OK : code_of(done.error(), SQLITE_IOERR_WRITE);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  return of(file).file->truncate(static_cast<std::uint64_t>(size)) ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

// SQLite expects the first sync of a file it made to make its name durable too.
int sync(sqlite3_file* file, int) {
  auto& open = of(file);
  if (!open.file->sync()) return SQLITE_IOERR_FSYNC;
  if (!open.name_is_durable) {
    if (!open.disk->sync_directory(parent_of(open.path))) return SQLITE_IOERR_DIR_FSYNC;
    open.name_is_durable = true;
  }
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  const auto found = of(file).file->size();
  if (!found) return SQLITE_IOERR_FSTAT;
  *size = static_cast<sqlite3_int64>(*found);
  return SQLITE_OK;
}

int lock(sqlite3_file*, int) {
  return SQLITE_OK;
}
int unlock(sqlite3_file*, int) {
  return SQLITE_OK;
}
int check_lock(sqlite3_file*, int* locked) {
  *locked = 0;
  return SQLITE_OK;
}
int control(sqlite3_file*, int, void*) {
  return SQLITE_NOTFOUND;
}
int sector_size(sqlite3_file*) {
  return 4096;
}
// What the machine's own file system promises: a write that is cut off leaves the bytes around it alone.
// Sectors may tear and be written in any order.
int characteristics(sqlite3_file*) {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = close,
    .xRead = read,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = file_size,
    .xLock = lock,
    .xUnlock = unlock,
    .xCheckReservedLock = check_lock,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = nullptr,
    .xShmLock = nullptr,
    .xShmBarrier = nullptr,
    .xShmUnmap = nullptr,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

World& world_of(sqlite3_vfs* vfs) {
  return *static_cast<World*>(vfs->pAppData);
}

int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  if (!path) return SQLITE_CANTOPEN;  // a temporary file: temp_store is memory
  auto& disk = world_of(vfs).disk;
  auto opened = disk.open(path, Open::existing);
  const bool there = opened.ok();
  if (!there && opened.error().code == Code::not_found && (flags & SQLITE_OPEN_CREATE))
    opened = disk.open(path, Open::create_new);
  if (!opened) return code_of(opened.error(), SQLITE_CANTOPEN);
  const bool temporary = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
  char* kept = nullptr;
  if (!there || temporary) {
    kept = new char[std::strlen(path) + 1];
    std::strcpy(kept, path);
  }
  of(file) = {{&methods}, std::move(opened).value().release(), &disk, kept, there, temporary};
  if (out_flags) *out_flags = flags;
  return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* path, int sync_directory) {
  auto& disk = world_of(vfs).disk;
  if (const auto done = disk.remove(path); !done)
    return done.error().code == Code::not_found ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE;
  if (sync_directory && !disk.sync_directory(parent_of(path))) return SQLITE_IOERR_DIR_FSYNC;
  return SQLITE_OK;
}

int access(sqlite3_vfs* vfs, const char* path, int, int* there) {
  const auto opened = world_of(vfs).disk.open(path, Open::existing);
  *there = opened ? 1 : 0;
  return opened || opened.error().code == Code::not_found ? SQLITE_OK : SQLITE_IOERR_ACCESS;
}

int full_path(sqlite3_vfs*, const char* path, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", path);
  return SQLITE_OK;
}

int randomness(sqlite3_vfs* vfs, int size, char* out) {
  world_of(vfs).random.fill({reinterpret_cast<std::uint8_t*>(out), static_cast<std::size_t>(size)});
  return size;
}

int pause(sqlite3_vfs*, int microseconds) {
  return microseconds;
}  // nobody else is there to wait for

int current_time_ms(sqlite3_vfs* vfs, sqlite3_int64* julian_ms) {
  constexpr sqlite3_int64 unix_epoch = 210866760000000;  // in ms of the Julian day
  *julian_ms = unix_epoch + millis(world_of(vfs).clock.wall());
  return SQLITE_OK;
}

int current_time(sqlite3_vfs* vfs, double* julian_day) {
  sqlite3_int64 ms = 0;
  current_time_ms(vfs, &ms);
  *julian_day = static_cast<double>(ms) / 86400000.0;
  return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*) {
  return 0;
}

}  // namespace

struct DiskVfs::State {
  World world;
  std::string name;
  sqlite3_vfs vfs{};
};

DiskVfs::DiskVfs(Disk& disk, const Clock& clock, Random& random)
    : state_(new State{{disk, clock, random}, {}, {}}) {
  static int count = 0;  // names are per process
  state_->name = "disk-" + std::to_string(++count);
  auto& vfs = state_->vfs;
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(OpenFile);
  vfs.mxPathname = 512;
  vfs.zName = state_->name.c_str();
  vfs.pAppData = &state_->world;
  vfs.xOpen = open;
  vfs.xDelete = remove;
  vfs.xAccess = access;
  vfs.xFullPathname = full_path;
  vfs.xRandomness = randomness;
  vfs.xSleep = pause;
  vfs.xCurrentTime = current_time;
  vfs.xGetLastError = last_error;
  vfs.xCurrentTimeInt64 = current_time_ms;
  sqlite3_vfs_register(&vfs, 0);
  // The generator draws from the default file system once; a number of ours makes it the world's.
  const auto seed = static_cast<int>(random.next() >> 33 | 1);
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, seed, nullptr);
}

DiskVfs::~DiskVfs() {
  sqlite3_vfs_unregister(&state_->vfs);
}

const std::string& DiskVfs::name() const {
  return state_->name;
}

}  // namespace postrider::testing

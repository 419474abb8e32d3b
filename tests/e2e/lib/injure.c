// SPDX-License-Identifier: Apache-2.0
// Preloaded under a server by inject.py: what strace cannot do. A transfer that moves only half of what was
// asked, an allocation that fails, a write that fails without AddressSanitizer's own writes failing with it.
//
//   FAULT_CALL   transfers: "send" "recv" "read" "write" "pread" "pwrite"; "open"; or "malloc", which stands
//                for every allocator
//   FAULT_AT=k   the k-th such call of the process, counted over all threads
//   FAULT_STEP=n and every n-th after it
//   FAULT_ERRNO  what it fails with; 0 = it moves half
//   FAULT_TRACE  a file that tells each time it happened
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char* call;
static const char* trace;
static unsigned long at, step;
static int error;
static atomic_ulong count;

__attribute__((constructor)) static void read_orders(void) {
  const char* text;
  trace = getenv("FAULT_TRACE");
  at = (text = getenv("FAULT_AT")) ? strtoul(text, 0, 10) : 0;
  step = (text = getenv("FAULT_STEP")) ? strtoul(text, 0, 10) : 0;
  error = (text = getenv("FAULT_ERRNO")) ? atoi(text) : 0;
  call = getenv("FAULT_CALL");
}

// System calls by number: nothing here may come back to a function of this file.
static void tell(void) {
  long fd = syscall(SYS_openat, AT_FDCWD, trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return;
  syscall(SYS_write, fd, "(INJECTED)\n", 11);
  syscall(SYS_close, fd);
}

static int struck(const char* name) {
  if (!call || strcmp(call, name) != 0) return 0;
  unsigned long k = atomic_fetch_add(&count, 1) + 1;
  if (k != at && !(step && k > at && (k - at) % step == 0)) return 0;
  int kept = errno;
  tell();
  errno = kept;
  return 1;
}

// A call of one byte cannot be short: it passes.
static int strike(const char* name, size_t* size) {
  if (!struck(name)) return 0;
  if (error == 0) {
    if (*size > 1) *size /= 2;
    return 0;
  }
  errno = error;
  return 1;
}

// Not what the kernel never fails, an eventfd say, and not how a drill hears that the server is ready.
static int spared(int fd) {
  struct stat status;
  return fd == STDOUT_FILENO || fstat(fd, &status) != 0 || (status.st_mode & S_IFMT) == 0;
}

#define TRANSFER(name, as, parameters, ...)                       \
  ssize_t name parameters {                                       \
    static __typeof__(&name) next;                                \
    if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \
    if (call && !spared(fd) && strike(as, &size)) return -1;      \
    return next(__VA_ARGS__);                                     \
  }

TRANSFER(send, "send", (int fd, const void* data, size_t size, int flags), fd, data, size, flags)
TRANSFER(recv, "recv", (int fd, void* data, size_t size, int flags), fd, data, size, flags)
TRANSFER(read, "read", (int fd, void* data, size_t size), fd, data, size)
TRANSFER(write, "write", (int fd, const void* data, size_t size), fd, data, size)
TRANSFER(pread, "pread", (int fd, void* data, size_t size, off_t offset), fd, data, size, offset)
TRANSFER(pread64, "pread", (int fd, void* data, size_t size, off64_t offset), fd, data, size, offset)
TRANSFER(pwrite, "pwrite", (int fd, const void* data, size_t size, off_t offset), fd, data, size, offset)
TRANSFER(pwrite64, "pwrite", (int fd, const void* data, size_t size, off64_t offset), fd, data, size, offset)

static int refused(void) {
  if (!struck("open")) return 0;
  errno = error;
  return 1;
}

// The system call takes a mode at any time; one that nobody passed is not looked at.
int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  unsigned mode = va_arg(rest, unsigned);
  va_end(rest);
  return refused() ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
int openat(int directory, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  unsigned mode = va_arg(rest, unsigned);
  va_end(rest);
  return refused() ? -1 : (int)syscall(SYS_openat, directory, path, flags, mode);
}
int open64(const char* path, int flags, ...) __attribute__((alias("open")));
int openat64(int directory, const char* path, int flags, ...) __attribute__((alias("openat")));

// A sanitizer's allocator comes before these; they serve a program without one.
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

static int starved(void) {
  if (!struck("malloc")) return 0;
  errno = ENOMEM;
  return 1;
}

void* malloc(size_t size) {
  return starved() ? 0 : __libc_malloc(size);
}
void* calloc(size_t n, size_t size) {
  return starved() ? 0 : __libc_calloc(n, size);
}
void* realloc(void* old, size_t size) {
  return starved() ? 0 : __libc_realloc(old, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  return starved() ? 0 : __libc_memalign(alignment, size);
}
int posix_memalign(void** out, size_t alignment, size_t size) {
  if (starved()) return ENOMEM;
  *out = __libc_memalign(alignment, size);
  return *out || !size ? 0 : ENOMEM;
}

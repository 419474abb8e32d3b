// SPDX-License-Identifier: Apache-2.0
#include "io/unique_fd.h"

#include <unistd.h>

namespace postrider::io {

void UniqueFd::reset(int fd) {
  // Linux frees the number even when close reports EINTR, so it is never asked twice.
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

}  // namespace postrider::io

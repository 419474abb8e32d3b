// SPDX-License-Identifier: Apache-2.0
#include "io/errno_error.h"

#include <cerrno>
#include <system_error>

namespace postrider::io {
namespace {

Code code_of(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return Code::exhausted;
    case ENOENT:
      return Code::not_found;
    case EEXIST:
      return Code::exists;
    case ETIMEDOUT:
      return Code::timeout;
    case ECONNRESET:
    case EPIPE:
      return Code::closed;
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EADDRINUSE:
    case EADDRNOTAVAIL:
      return Code::unavailable;
    default:
      return Code::io;
  }
}

}  // namespace

Error errno_error(int number, std::string_view doing) {
  return {code_of(number), std::string(doing) + ": " + std::generic_category().message(number)};
}

}  // namespace postrider::io

// SPDX-License-Identifier: Apache-2.0
#include "io/openssl_error.h"

#include <openssl/err.h>

namespace postrider::io {

Error openssl_error(Code code, std::string_view doing) {
  Error error{code, std::string(doing)};
  if (unsigned long number = ERR_get_error(); number != 0) {
    const char* reason = ERR_reason_error_string(number);
    error.detail += ": ";
    error.detail += reason != nullptr ? std::string(reason) : "OpenSSL error " + std::to_string(number);
  }
  ERR_clear_error();
  return error;
}

}  // namespace postrider::io

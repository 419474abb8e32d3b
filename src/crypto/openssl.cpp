// SPDX-License-Identifier: Apache-2.0
#include "crypto/openssl.h"

#include <openssl/err.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace postrider::openssl {

void must(bool done, const char* what) {
  if (done) [[likely]]
    return;
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  std::fprintf(stderr, "postrider: OpenSSL %s: %s\n", what, reason.data());
  std::abort();
}

void clear_errors() {
  ERR_clear_error();
}

}  // namespace postrider::openssl

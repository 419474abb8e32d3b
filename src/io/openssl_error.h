// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "base/error.h"

namespace postrider::io {

// What OpenSSL's error queue of this thread says, emptying it: "TLS handshake: wrong version number".
Error openssl_error(Code code, std::string_view doing);

}  // namespace postrider::io

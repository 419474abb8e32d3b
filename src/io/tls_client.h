// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "base/result.h"

namespace postrider::io {

// What clients need for TLS: whom we trust, and the sessions of earlier connections by host name, because a
// resumed handshake costs half. One for the whole process; any thread.
class TlsClient {
 public:
  struct Trust {
    bool system = true;  // the certificates of the machine
    std::string pem;     // and these
  };
  static Result<std::unique_ptr<TlsClient>> create(const Trust& trust);
  ~TlsClient();

 private:
  friend class TlsSession;
  struct State;
  explicit TlsClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace postrider::io

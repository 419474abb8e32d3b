// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <openssl/ssl.h>

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/tls_client.h"

namespace postrider::io {

struct FreeTls {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using TlsTicket = std::unique_ptr<SSL_SESSION, FreeTls>;

// Sessions that may be resumed, a few per host name, in two generations: when the young one is full, the old
// one is dropped whole. Only tls_*.cpp include this. Any thread.
class TlsSessions {
 public:
  void put(const std::string& host, TlsTicket ticket);
  TlsTicket take(const std::string& host);

 private:
  static constexpr std::size_t hosts_per_generation = 2048;
  static constexpr std::size_t tickets_per_host = 4;
  using Generation = std::unordered_map<std::string, std::vector<TlsTicket>>;

  TlsTicket take(Generation& from, const std::string& host);

  std::mutex mutex_;
  Generation young_, old_;
};

struct TlsClient::State {
  std::unique_ptr<SSL_CTX, FreeTls> context;
  TlsSessions sessions;
};

}  // namespace postrider::io

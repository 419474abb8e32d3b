// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "io/tcp_transport.h"

namespace postrider::bench {

// One HTTP/1.1 connection, one request at a time. The loop's thread.
class ApiClient {
 public:
  static Task<Result<ApiClient>> connect(io::Loop& loop, io::TlsClient& tls, io::Endpoint to);

  struct Answer {
    int status = 0;
    std::string body;
  };
  Task<Result<Answer>> ask(std::string_view request);

 private:
  ApiClient(io::Loop& loop, std::unique_ptr<io::ByteStream> stream)
      : loop_(&loop), stream_(std::move(stream)) {}
  Task<Result<void>> read_more();

  io::Loop* loop_;
  std::unique_ptr<io::ByteStream> stream_;
  std::string held_;
};

}  // namespace postrider::bench

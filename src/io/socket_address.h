// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/socket.h>

#include "base/result.h"
#include "io/transport.h"

namespace postrider::io {

bool is_ip_literal(const std::string& text);

// An Endpoint as the system calls want it. Only io's .cpp files include this.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;

  static Result<SocketAddress> of(const Endpoint& endpoint);  // `invalid` when it is no IP literal
  // IPv4 inside IPv6 (::ffff:192.0.2.1) comes out as IPv4, so that one rule fits it.
  Endpoint endpoint() const;

  int family() const { return storage.ss_family; }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

}  // namespace postrider::io

// SPDX-License-Identifier: Apache-2.0
#include "io/tls_sessions.h"

namespace postrider::io {

void TlsSessions::put(const std::string& host, TlsTicket ticket) {
  std::lock_guard lock(mutex_);
  if (young_.size() >= hosts_per_generation && !young_.contains(host)) {
    old_ = std::move(young_);
    young_.clear();
  }
  auto& tickets = young_[host];
  if (tickets.size() >= tickets_per_host) tickets.erase(tickets.begin());
  tickets.push_back(std::move(ticket));
}

TlsTicket TlsSessions::take(Generation& from, const std::string& host) {
  auto found = from.find(host);
  if (found == from.end()) return {};
  auto& tickets = found->second;
  TlsTicket ticket = std::move(tickets.back());
  tickets.pop_back();
  // A TLS 1.3 ticket is for one use (RFC 8446 C.4); a TLS 1.2 session serves again.
  if (SSL_SESSION_get_protocol_version(ticket.get()) < TLS1_3_VERSION) {
    SSL_SESSION_up_ref(ticket.get());
    tickets.emplace_back(ticket.get());
  }
  if (tickets.empty()) from.erase(found);
  return ticket;
}

TlsTicket TlsSessions::take(const std::string& host) {
  std::lock_guard lock(mutex_);
  TlsTicket ticket = take(young_, host);
  return ticket ? std::move(ticket) : take(old_, host);
}

}  // namespace postrider::io

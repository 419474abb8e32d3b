// SPDX-License-Identifier: Apache-2.0
#include "bench/sink/reception.h"

#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <variant>

#include "protocol/smtp/server_session.h"

namespace postrider::bench {
namespace {

constexpr auto patience = std::chrono::minutes(5);

class Reception {
 public:
  Reception(io::Connection& connection, const io::TlsIdentity& identity, Ledger& ledger)
      : connection_(connection), identity_(identity), ledger_(ledger) {}

  Task<void> run() {
    while (co_await grant_wishes()) {
      auto got = co_await connection_.stream().read(buffer_, deadline());
      if (!got || *got == 0) co_return;
      session_.receive({buffer_.data(), *got});
    }
  }

 private:
  using Session = smtp::ServerSession;

  Instant now() const { return connection_.loop().now(); }
  Instant deadline() const { return now() + patience; }

  Task<bool> flush() {
    if (out_.empty()) co_return true;
    const auto sent = co_await connection_.stream().write(out_, deadline());
    out_.clear();
    co_return sent.ok();
  }

  Task<bool> handshake() {
    if (!co_await flush()) co_return false;
    const auto facts = co_await connection_.stream().accept_tls(identity_, deadline());
    if (facts) session_.tls_started();
    co_return facts.ok();
  }

  // False when the connection is over.
  Task<bool> grant_wishes() {
    while (auto wish = session_.next()) {
      if (auto* said = std::get_if<smtp::Say>(&*wish)) {
        out_ += said->bytes;
      } else if (std::holds_alternative<smtp::StartTls>(*wish)) {
        if (!co_await handshake()) co_return false;
      } else if (std::holds_alternative<Session::HangUp>(*wish)) {
        co_await flush();
        co_return false;
      } else {
        if (auto* to = std::get_if<Session::CheckRecipient>(&*wish)) ledger_.begun(to->recipient, now());
        if (auto* mail = std::get_if<Session::HandOver>(&*wish))
          ledger_.taken(mail->envelope, std::move(mail->data), now());
        session_.accept();
      }
    }
    co_return co_await flush();
  }

  io::Connection& connection_;
  const io::TlsIdentity& identity_;
  Ledger& ledger_;
  Session session_{{.name = "sink.bench", .offer_tls = true, .refusal = {}}};
  std::string out_;
  std::array<char, 16384> buffer_;  // one TLS record
};

}  // namespace

Task<void> receive_mail(io::Connection& connection, const io::TlsIdentity& identity, Ledger& ledger) {
  Reception reception(connection, identity, ledger);
  co_await reception.run();
}

}  // namespace postrider::bench

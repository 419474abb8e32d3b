// SPDX-License-Identifier: Apache-2.0
#include "io/tls_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "io/openssl_error.h"
#include "io/socket_address.h"
#include "io/tls_sessions.h"

namespace postrider::io {

// Not OpenSSL's own socket BIO: that one writes without MSG_NOSIGNAL and forgets errno.
struct TlsSession::Bio {
  static TlsSession& session(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }

  // Turns a step into what BIO_read_ex and BIO_write_ex report.
  static int report(BIO* bio, const Step& step, std::size_t* moved, int retry) {
    BIO_clear_retry_flags(bio);
    *moved = step.bytes;
    if (step.next == Step::Next::done) return step.bytes > 0 ? 1 : 0;
    if (step.next == Step::Next::failed) {
      session(bio).socket_error_ = step.error;
    } else {
      BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
    }
    return 0;
  }

  static int read(BIO* bio, char* into, std::size_t size, std::size_t* got) {
    Step step = session(bio).socket_.receive({into, size});
    if (step.next == Step::Next::done && step.bytes == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return report(bio, step, got, BIO_FLAGS_READ);
  }

  static int write(BIO* bio, const char* bytes, std::size_t size, std::size_t* put) {
    return report(bio, session(bio).socket_.send({bytes, size}), put, BIO_FLAGS_WRITE);
  }

  static long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  static BIO* create(TlsSession& of) {
    static BIO_METHOD* const method = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "postrider socket");
      BIO_meth_set_read_ex(made, &Bio::read);
      BIO_meth_set_write_ex(made, &Bio::write);
      BIO_meth_set_ctrl(made, &Bio::control);
      return made;
    }();
    BIO* bio = BIO_new(method);
    if (bio == nullptr) return nullptr;
    BIO_set_data(bio, &of);
    BIO_set_init(bio, 1);
    return bio;
  }
};

void TlsSession::Free::operator()(ssl_st* ssl) const {
  SSL_free(ssl);
}

TlsSession::~TlsSession() = default;

Result<std::unique_ptr<TlsSession>> TlsSession::over(ssl_st* ssl, Socket& socket) {
  if (ssl == nullptr) return openssl_error(Code::internal, "SSL_new");
  std::unique_ptr<TlsSession> session(new TlsSession(socket));
  session->ssl_.reset(ssl);
  BIO* bio = Bio::create(*session);
  if (bio == nullptr) return openssl_error(Code::internal, "BIO_new");
  SSL_set_bio(ssl, bio, bio);
  SSL_set_app_data(ssl, session.get());
  return session;
}

Result<std::unique_ptr<TlsSession>> TlsSession::client(TlsClient& client, Socket& socket, TlsWanted wanted) {
  auto session = PR_TRY(over(SSL_new(client.state_->context.get()), socket));
  SSL* ssl = session->ssl_.get();
  session->client_ = &client;
  session->host_ = std::move(wanted.host);
  if (const std::string& host = session->host_; !host.empty()) {
    bool set = is_ip_literal(host) ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1
                                   : SSL_set1_host(ssl, host.c_str()) == 1 &&
                                         SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
    if (!set) return openssl_error(Code::invalid, "TLS host name " + host);
    if (auto earlier = client.state_->sessions.take(host)) SSL_set_session(ssl, earlier.get());
  }
  SSL_set_connect_state(ssl);
  return session;
}

Result<std::unique_ptr<TlsSession>> TlsSession::server(const TlsIdentity& identity, Socket& socket) {
  auto session = PR_TRY(over(SSL_new(identity.context()), socket));
  SSL_set_accept_state(session->ssl_.get());
  return session;
}

Step TlsSession::outcome(int result, std::size_t bytes, std::string_view doing) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE:
      return Step::done(bytes);
    case SSL_ERROR_WANT_READ:
      return Step::wait_in();
    case SSL_ERROR_WANT_WRITE:
      return Step::wait_out();
    case SSL_ERROR_ZERO_RETURN:
      return Step::done(0);
    case SSL_ERROR_SYSCALL:
      usable_ = false;
      ERR_clear_error();
      if (!socket_error_.detail.empty()) return Step::failed(socket_error_);
      return Step::failed({Code::closed, std::string(doing) + ": connection closed"});
    default:
      usable_ = false;
      return Step::failed(openssl_error(Code::unavailable, doing));
  }
}

Step TlsSession::handshake() {
  ERR_clear_error();
  int result = SSL_do_handshake(ssl_.get());
  Step step = outcome(result, 0, "TLS handshake");
  // With unexpected ends ignored, a peer that hangs up in the middle looks like one that ended well.
  if (step.next == Step::Next::done && SSL_is_init_finished(ssl_.get()) == 0)
    return Step::failed({Code::closed, "TLS handshake: connection closed"});
  usable_ = step.next == Step::Next::done;
  return step;
}

Step TlsSession::read(std::span<char> into) {
  ERR_clear_error();
  std::size_t got = 0;
  int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
  return outcome(result, got, "TLS read");
}

Step TlsSession::write(std::string_view bytes) {
  ERR_clear_error();
  std::size_t put = 0;
  int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &put);
  return outcome(result, put, "TLS write");
}

void TlsSession::say_goodbye() {
  if (!usable_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
  usable_ = false;
}

TlsFacts TlsSession::facts() const {
  const SSL* ssl = ssl_.get();
  TlsFacts facts;
  facts.version = SSL_get_version(ssl);
  facts.cipher = SSL_get_cipher_name(ssl);
  facts.resumed = SSL_session_reused(ssl) == 1;
  if (client_ == nullptr) return facts;
  long verdict = SSL_get_verify_result(ssl);  // of a resumed session: that of the handshake it came from
  if (SSL_get0_peer_certificate(ssl) == nullptr)
    facts.certificate_verdict = "no certificate";
  else if (host_.empty())
    facts.certificate_verdict = "no host name to check against";
  else if (verdict != X509_V_OK)
    facts.certificate_verdict = X509_verify_cert_error_string(verdict);
  else
    facts.certificate_valid = true;
  return facts;
}

}  // namespace postrider::io

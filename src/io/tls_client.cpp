// SPDX-License-Identifier: Apache-2.0
#include "io/tls_client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "io/openssl_error.h"
#include "io/tls_session.h"
#include "io/tls_sessions.h"

namespace postrider::io {
namespace {

Result<void> add_trusted(SSL_CTX* context, const std::string& pem) {
  std::unique_ptr<BIO, int (*)(BIO*)> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  int added = 0;
  for (;; ++added) {
    std::unique_ptr<X509, void (*)(X509*)> certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr),
                                                       X509_free);
    if (!certificate) break;
    if (X509_STORE_add_cert(store, certificate.get()) != 1)
      return openssl_error(Code::invalid, "trusted certificate");
  }
  if (added == 0) return openssl_error(Code::invalid, "no certificate in trusted PEM");
  ERR_clear_error();  // PEM_read ends with "no start line".
  return {};
}

}  // namespace

TlsClient::TlsClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsClient::~TlsClient() = default;

Result<std::unique_ptr<TlsClient>> TlsClient::create(const Trust& trust) {
  auto state = std::make_unique<State>();
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  state->context.reset(context);
  if (context == nullptr) return openssl_error(Code::internal, "SSL_CTX_new");
  if (trust.system && SSL_CTX_set_default_verify_paths(context) != 1)
    return openssl_error(Code::internal, "system certificates");
  if (!trust.pem.empty()) PR_TRY(add_trusted(context, trust.pem));

  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // The chain is checked either way, the verdict recorded; whether it matters is decided per connection.
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  X509_VERIFY_PARAM_set_hostflags(SSL_CTX_get0_param(context), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // Mail servers hang up without close_notify. SMTP and HTTP mark their own ends, so a cut message is
  // noticed.
  SSL_CTX_set_options(context,
                      SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);  // a record's header and body in one system call
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, [](SSL* ssl, SSL_SESSION* session) {
    auto* owner = static_cast<TlsSession*>(SSL_get_app_data(ssl));
    TlsTicket ticket(session);
    if (!owner->host_.empty() && SSL_SESSION_is_resumable(session) == 1)
      owner->client_->state_->sessions.put(owner->host_, std::move(ticket));
    return 1;  // The session is ours now.
  });
  return std::unique_ptr<TlsClient>(new TlsClient(std::move(state)));
}

}  // namespace postrider::io

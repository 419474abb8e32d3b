// SPDX-License-Identifier: Apache-2.0
#include "io/tls_identity.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <fstream>
#include <iterator>

#include "io/openssl_error.h"

namespace postrider::io {
namespace {

using Memory = std::unique_ptr<BIO, int (*)(BIO*)>;
using Certificate = std::unique_ptr<X509, void (*)(X509*)>;
using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

Memory memory(std::string_view pem) {
  return Memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
}

// Without this, OpenSSL would ask for a password on the terminal.
int no_password(char*, int, int, void*) {
  return -1;
}

Result<std::string> whole_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{Code::not_found, "cannot read " + path};
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<void> use_chain(SSL_CTX* context, std::string_view pem) {
  Memory in = memory(pem);
  for (int count = 0;; ++count) {
    Certificate certificate(PEM_read_bio_X509(in.get(), nullptr, no_password, nullptr), X509_free);
    if (!certificate && count > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
      ERR_clear_error();
      return {};
    }
    if (!certificate) return openssl_error(Code::invalid, "certificate chain");
    long used = count == 0 ? SSL_CTX_use_certificate(context, certificate.get())
                           : SSL_CTX_add1_chain_cert(context, certificate.get());
    if (used != 1) return openssl_error(Code::invalid, "certificate chain");
  }
}

}  // namespace

Result<TlsIdentity> TlsIdentity::from_pem(std::string_view chain, std::string_view key_pem) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return openssl_error(Code::internal, "SSL_CTX_new");
  PR_TRY(use_chain(context.get(), chain));

  Memory in = memory(key_pem);
  Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr), EVP_PKEY_free);
  if (!key) return openssl_error(Code::invalid, "private key");
  if (SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1 || SSL_CTX_check_private_key(context.get()) != 1)
    return openssl_error(Code::invalid, "private key does not fit the certificate");

  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  if (SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
    return openssl_error(Code::internal, "cipher list");
  SSL_CTX_set_options(context.get(),
                      SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context.get(), 1);
  // Sessions live in tickets at the clients; nothing is kept here.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 1);
  return TlsIdentity(std::move(context));
}

Result<TlsIdentity> TlsIdentity::load(const std::string& chain_file, const std::string& key_file) {
  std::string chain = PR_TRY(whole_file(chain_file));
  std::string key = PR_TRY(whole_file(key_file));
  return from_pem(chain, key);
}

}  // namespace postrider::io

// SPDX-License-Identifier: Apache-2.0
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <memory>

#include "io/openssl_error.h"
#include "io/socket_address.h"
#include "io/tls_identity.h"

namespace postrider::io {
namespace {

template <class T, void (*free_it)(T*)>
struct FreeWith {
  void operator()(T* what) const { free_it(what); }
};
void free_bio(BIO* bio) {
  BIO_free(bio);
}

using Certificate = std::unique_ptr<X509, FreeWith<X509, X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY, EVP_PKEY_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION, X509_EXTENSION_free>>;
using Memory = std::unique_ptr<BIO, FreeWith<BIO, free_bio>>;

constexpr long day = 24 * 60 * 60;

bool add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

std::string text(BIO* memory) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(memory, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

}  // namespace

Result<PemPair> make_self_signed(const std::vector<std::string>& names) {
  if (names.empty()) return Error{Code::invalid, "certificate without a name"};
  std::string alternatives;
  for (const std::string& name : names) {
    // The list's own syntax must not be spoken by a name.
    if (name.empty() || name.find_first_of(",\n\r") != std::string::npos)
      return Error{Code::invalid, "certificate name: " + name};
    if (!alternatives.empty()) alternatives += ',';
    alternatives += (is_ip_literal(name) ? "IP:" : "DNS:") + name;
  }

  Key key(EVP_EC_gen("P-256"));
  Certificate certificate(X509_new());
  if (!key || !certificate) return openssl_error(Code::internal, "self-signed certificate");

  std::uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1 | 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -day);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3650 * day);
  X509_set_version(certificate.get(), X509_VERSION_3);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  // A common name takes 64 characters at most; checkers read the alternative names anyway.
  std::string common = names.front().substr(0, 64);
  X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common.data()),
                             static_cast<int>(common.size()), -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  if (!add_extension(certificate.get(), NID_subject_alt_name, alternatives) ||
      !add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE") ||
      X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0)
    return openssl_error(Code::invalid, "self-signed certificate");

  Memory certificate_out(BIO_new(BIO_s_mem()));
  Memory key_out(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificate_out.get(), certificate.get()) != 1 ||
      PEM_write_bio_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return openssl_error(Code::internal, "self-signed certificate");
  return PemPair{.certificate = text(certificate_out.get()), .key = text(key_out.get())};
}

}  // namespace postrider::io

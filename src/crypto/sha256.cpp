// SPDX-License-Identifier: Apache-2.0
#include "crypto/sha256.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "crypto/openssl.h"

namespace postrider {
namespace {

using openssl::data;
using openssl::must;

// Fetched once: a fetch takes locks and costs more than hashing a short message.
const EVP_MD* algorithm() {
  static const EVP_MD* const fetched = [] {
    EVP_MD* md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    must(md != nullptr, "fetch SHA256");
    return md;
  }();
  return fetched;
}

void start(EVP_MD_CTX* context) {
  must(EVP_DigestInit_ex2(context, algorithm(), nullptr) == 1, "SHA256 init");
}

Digest end(EVP_MD_CTX* context) {
  Digest digest;
  must(EVP_DigestFinal_ex(context, digest.data(), nullptr) == 1, "SHA256 final");
  return digest;
}

EVP_MD_CTX* make() {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  must(context != nullptr, "SHA256 context");
  return context;
}

struct FreeMac {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, FreeMac>;

MacContext make_hmac() {
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  must(mac != nullptr, "fetch HMAC");
  MacContext context(EVP_MAC_CTX_new(mac));
  char name[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                               OSSL_PARAM_construct_end()};
  must(context && EVP_MAC_CTX_set_params(context.get(), params) == 1, "HMAC context");
  return context;
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(make()) {
  start(context_.get());
}

Sha256::Sha256(const Sha256& other) : context_(make()) {
  *this = other;
}

Sha256& Sha256::operator=(const Sha256& other) {
  if (this != &other) must(EVP_MD_CTX_copy_ex(context_.get(), other.context_.get()) == 1, "SHA256 copy");
  return *this;
}

void Sha256::update(std::string_view bytes) {
  must(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1, "SHA256 update");
}

Digest Sha256::finish() {
  const Digest digest = end(context_.get());
  start(context_.get());
  return digest;
}

Digest sha256(std::string_view bytes) {
  thread_local Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

Digest hmac_sha256(std::string_view key, std::string_view message) {
  thread_local const MacContext context = make_hmac();
  // A null key means "the former key" to OpenSSL, so an empty one still needs an address.
  const auto* key_data = key.empty() ? data("") : data(key);
  Digest digest;
  std::size_t size = 0;
  must(EVP_MAC_init(context.get(), key_data, key.size(), nullptr) == 1 &&
           EVP_MAC_update(context.get(), data(message), message.size()) == 1 &&
           EVP_MAC_final(context.get(), digest.data(), &size, digest.size()) == 1,
       "HMAC");
  return digest;
}

std::string hkdf_sha256(std::string_view secret, std::string_view salt, std::string_view info,
                        std::size_t size) {
  must(size <= 255 * Digest{}.size(), "HKDF size");
  const Digest pseudorandom = hmac_sha256(salt, secret);
  std::string out, block;
  out.reserve(size + Digest{}.size());
  for (char counter = 1; out.size() < size; ++counter) {
    block.append(info);
    block.push_back(counter);
    const Digest next = hmac_sha256(bytes_of(pseudorandom), block);
    out.append(bytes_of(next));
    block.assign(bytes_of(next));
  }
  out.resize(size);
  return out;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace postrider

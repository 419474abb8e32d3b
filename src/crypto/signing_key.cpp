// SPDX-License-Identifier: Apache-2.0
#include "crypto/signing_key.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/openssl.h"

namespace postrider {
namespace {

using openssl::data;
using openssl::must;

struct FreeKeyContext {
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeKeyContext>;

struct FreeHashContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using HashContext = std::unique_ptr<EVP_MD_CTX, FreeHashContext>;

constexpr int fewest_rsa_bits = 1024;
constexpr int most_rsa_bits = 8192;  // a larger one is a way to burn the verifier's CPU

std::shared_ptr<EVP_PKEY> own(EVP_PKEY* key) {
  return {key, EVP_PKEY_free};
}

// The key if it is of a kind and size we use.
Result<std::shared_ptr<EVP_PKEY>> accept(std::shared_ptr<EVP_PKEY> key) {
  if (!key) {
    openssl::clear_errors();
    return Error{Code::invalid, "not a key"};
  }
  if (EVP_PKEY_is_a(key.get(), "ED25519")) return key;
  if (!EVP_PKEY_is_a(key.get(), "RSA")) return Error{Code::invalid, "neither an RSA nor an Ed25519 key"};
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits < fewest_rsa_bits || bits > most_rsa_bits)
    return Error{Code::invalid, "an RSA key of " + std::to_string(bits) + " bits"};
  return key;
}

template <class Encode>
std::string encoded(Encode encode) {
  unsigned char* bytes = nullptr;
  const int size = encode(&bytes);
  must(size > 0, "encode key");
  std::string out(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_clear_free(bytes, static_cast<std::size_t>(size));
  return out;
}

bool use_pkcs1_sha256(EVP_PKEY_CTX* context) {
  static EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0 &&
         EVP_PKEY_CTX_set_signature_md(context, md) > 0;
}

Result<std::string> sign_rsa(EVP_PKEY* key, const Digest& digest) {
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
  std::size_t size = signature.size();
  if (!context || EVP_PKEY_sign_init(context.get()) <= 0 || !use_pkcs1_sha256(context.get()) ||
      EVP_PKEY_sign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, digest.data(),
                    digest.size()) <= 0) {
    openssl::clear_errors();
    return Error{Code::internal, "RSA signing failed"};
  }
  signature.resize(size);
  return signature;
}

Result<std::string> sign_ed25519(EVP_PKEY* key, std::string_view message) {
  const HashContext context(EVP_MD_CTX_new());
  std::string signature(64, '\0');
  std::size_t size = signature.size();
  if (!context ||
      EVP_DigestSignInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key, nullptr) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data(message),
                     message.size()) != 1) {
    openssl::clear_errors();
    return Error{Code::internal, "Ed25519 signing failed"};
  }
  return signature;
}

}  // namespace

Result<PublicKey> PublicKey::from_rsa_der(std::string_view der) {
  const auto* at = data(der);
  const auto* const end = at + der.size();
  auto key = own(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key) {
    at = data(der);
    key = own(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(der.size())));
  }
  auto accepted = PR_TRY(accept(std::move(key)));
  if (at != end) return Error{Code::invalid, "bytes after the key"};
  if (!EVP_PKEY_is_a(accepted.get(), "RSA")) return Error{Code::invalid, "not an RSA key"};
  return PublicKey(std::move(accepted));
}

Result<PublicKey> PublicKey::from_ed25519(std::string_view raw) {
  if (raw.size() != 32) return Error{Code::invalid, "an Ed25519 public key has 32 bytes"};
  return PublicKey(PR_TRY(
      accept(own(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, data(raw), raw.size())))));
}

KeyType PublicKey::type() const {
  return EVP_PKEY_is_a(key_.get(), "RSA") ? KeyType::rsa : KeyType::ed25519;
}

int PublicKey::bits() const {
  return type() == KeyType::ed25519 ? 256 : EVP_PKEY_get_bits(key_.get());
}

std::string PublicKey::der() const {
  return encoded([this](unsigned char** out) { return i2d_PUBKEY(key_.get(), out); });
}

std::string PublicKey::raw() const {
  if (type() == KeyType::rsa) return der();
  std::string out(32, '\0');
  std::size_t size = out.size();
  must(EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(out.data()), &size) == 1,
       "raw Ed25519 key");
  return out;
}

bool PublicKey::verify_digest(const Digest& digest, std::string_view signature) const {
  if (type() == KeyType::ed25519) return verify(bytes_of(digest), signature);
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  const bool good =
      context && EVP_PKEY_verify_init(context.get()) > 0 && use_pkcs1_sha256(context.get()) &&
      EVP_PKEY_verify(context.get(), data(signature), signature.size(), digest.data(), digest.size()) == 1;
  if (!good) openssl::clear_errors();
  return good;
}

bool PublicKey::verify(std::string_view message, std::string_view signature) const {
  if (type() == KeyType::rsa) return verify_digest(sha256(message), signature);
  const HashContext context(EVP_MD_CTX_new());
  const bool good =
      context &&
      EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key_.get(), nullptr) == 1 &&
      EVP_DigestVerify(context.get(), data(signature), signature.size(), data(message), message.size()) == 1;
  if (!good) openssl::clear_errors();
  return good;
}

SigningKey SigningKey::generate(KeyType type) {
  EVP_PKEY* key = type == KeyType::rsa ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048})
                                       : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  must(key != nullptr, "generate key");
  return SigningKey(own(key));
}

Result<SigningKey> SigningKey::from_pkcs8_der(std::string_view der) {
  const auto* at = data(der);
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, decltype(&PKCS8_PRIV_KEY_INFO_free)> info(
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())), PKCS8_PRIV_KEY_INFO_free);
  if (!info || at != data(der) + der.size()) {
    openssl::clear_errors();
    return Error{Code::invalid, "not a PKCS#8 private key"};
  }
  auto key = PR_TRY(accept(own(EVP_PKCS82PKEY(info.get()))));
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!context || EVP_PKEY_pairwise_check(context.get()) != 1) {
    openssl::clear_errors();
    return Error{Code::invalid, "the private key does not fit its public half"};
  }
  return SigningKey(std::move(key));
}

std::string SigningKey::to_pkcs8_der() const {
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, decltype(&PKCS8_PRIV_KEY_INFO_free)> info(
      EVP_PKEY2PKCS8(key_.get()), PKCS8_PRIV_KEY_INFO_free);
  must(info != nullptr, "encode private key");
  return encoded([&info](unsigned char** out) { return i2d_PKCS8_PRIV_KEY_INFO(info.get(), out); });
}

Result<std::string> SigningKey::sign_digest(const Digest& digest) const {
  if (EVP_PKEY_is_a(key_.get(), "RSA")) return sign_rsa(key_.get(), digest);
  return sign_ed25519(key_.get(), bytes_of(digest));
}

}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/sha256.h"

struct evp_pkey_st;

namespace postrider {

enum class KeyType { rsa, ed25519 };

// The public half of a key that signs SHA-256 digests. Cheap to copy; any thread.
class PublicKey {
 public:
  // RSA as SubjectPublicKeyInfo or bare RSAPublicKey (RFC 6376 3.6.1 and its errata: both are published).
  static Result<PublicKey> from_rsa_der(std::string_view der);
  static Result<PublicKey> from_ed25519(std::string_view raw);  // the 32 bytes (RFC 8463)

  KeyType type() const;
  int bits() const;         // of the modulus; 256 for Ed25519
  std::string der() const;  // SubjectPublicKeyInfo of either type
  std::string raw() const;  // what a DKIM record publishes: der() for RSA, the 32 bytes for Ed25519
  bool verify_digest(const Digest& digest, std::string_view signature) const;
  // As verify_digest, over a message that is not a digest (Ed25519), or is hashed here (RSA).
  bool verify(std::string_view message, std::string_view signature) const;

 private:
  friend class SigningKey;
  explicit PublicKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
};

// A private key for DKIM. Copies share one parsed key, which any number of threads may sign with at once.
class SigningKey {
 public:
  static SigningKey generate(KeyType type);  // RSA: 2048 bits, public exponent 65537
  // RSA of 1024 to 8192 bits (RFC 8301: shorter ones must not sign) or Ed25519; anything else is
  // Code::invalid.
  static Result<SigningKey> from_pkcs8_der(std::string_view der);
  std::string to_pkcs8_der() const;  // secret: seal it before it leaves memory

  KeyType type() const { return public_key().type(); }
  PublicKey public_key() const { return PublicKey(key_); }
  std::string public_key_der() const { return public_key().raw(); }

  // RSA: PKCS#1 v1.5 over a SHA-256 digest. Ed25519: PureEdDSA over the digest's 32 bytes (RFC 8463 3).
  // RSA takes 700-900 us: call it on a worker, not on an event loop.
  Result<std::string> sign_digest(const Digest& digest) const;

 private:
  explicit SigningKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace postrider

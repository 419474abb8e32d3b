// SPDX-License-Identifier: Apache-2.0
#include "crypto/aead.h"

#include <openssl/evp.h>

#include "crypto/openssl.h"

namespace postrider {
namespace {

using openssl::data;
using openssl::must;

const EVP_CIPHER* algorithm() {
  static const EVP_CIPHER* const fetched = [] {
    EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    must(cipher != nullptr, "fetch AES-256-GCM");
    return cipher;
  }();
  return fetched;
}

EVP_CIPHER_CTX* make(AeadKey key, bool sealing) {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  must(context && EVP_CipherInit_ex2(context, algorithm(), key.data(), nullptr, sealing, nullptr) == 1,
       "AES-256-GCM key");
  return context;
}

// EVP counts in int: larger inputs go in slices. Returns the bytes written, which for GCM is the size of
// `in`.
bool update(EVP_CIPHER_CTX* context, char* out, std::string_view in) {
  constexpr std::size_t slice = std::size_t{1} << 30;
  while (!in.empty()) {
    const auto piece = in.substr(0, slice);
    int written = 0;
    if (EVP_CipherUpdate(context, reinterpret_cast<unsigned char*>(out), &written, data(piece),
                         static_cast<int>(piece.size())) != 1)
      return false;
    if (out) out += piece.size();
    in.remove_prefix(piece.size());
  }
  return true;
}

// Sets a string's size without zeroing what `write` fills. libstdc++ 12.2 tells the writer the capacity
// instead of the size, so nobody asks it.
template <class Write>
void overwrite(std::string& out, std::size_t size, Write write) {
  out.resize_and_overwrite(size, [&](char* bytes, std::size_t) {
    write(bytes);
    return size;
  });
}

bool start(EVP_CIPHER_CTX* context, AeadNonce nonce, std::string_view aad) {
  return EVP_CipherInit_ex2(context, nullptr, nullptr, nonce.data(), -1, nullptr) == 1 &&
         update(context, nullptr, aad);
}

bool finish(EVP_CIPHER_CTX* context) {
  unsigned char none[16];
  int written = 0;
  return EVP_CipherFinal_ex(context, none, &written) == 1;
}

}  // namespace

void Aead::Free::operator()(evp_cipher_ctx_st* context) const {
  EVP_CIPHER_CTX_free(context);
}

Aead::Aead(AeadKey key) : seal_(make(key, true)), open_(make(key, false)) {}

void Aead::seal(AeadNonce nonce, std::string_view aad, std::string_view plain, std::string& out) {
  auto* context = seal_.get();
  must(start(context, nonce, aad), "AES-256-GCM nonce");
  const auto before = out.size(), end = before + plain.size() + aead_tag_size;
  overwrite(out, end, [&](char* bytes) {
    must(update(context, bytes + before, plain) && finish(context) &&
             EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, aead_tag_size,
                                 bytes + end - aead_tag_size) == 1,
         "AES-256-GCM seal");
  });
}

Result<std::string> Aead::open(AeadNonce nonce, std::string_view aad, std::string_view sealed) {
  if (sealed.size() < aead_tag_size) return Error{Code::corrupt, "sealed bytes are shorter than their tag"};
  auto* context = open_.get();
  must(start(context, nonce, aad), "AES-256-GCM nonce");
  std::array<char, aead_tag_size> tag;
  sealed.substr(sealed.size() - aead_tag_size).copy(tag.data(), tag.size());
  must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, aead_tag_size, tag.data()) == 1,
       "AES-256-GCM tag");
  std::string plain;
  bool authentic = false;
  const auto size = sealed.size() - aead_tag_size;
  overwrite(plain, size, [&](char* bytes) {
    authentic = update(context, bytes, sealed.substr(0, size)) && finish(context);
  });
  if (authentic) return plain;
  openssl::clear_errors();
  return Error{Code::corrupt, "sealed bytes fail authentication"};
}

}  // namespace postrider

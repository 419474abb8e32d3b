// SPDX-License-Identifier: Apache-2.0
#include "crypto/sealed_box.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "base/codec.h"
#include "crypto/sha256.h"

namespace postrider {
namespace {

constexpr std::uint8_t format = 1;
constexpr std::size_t header_size = 1 + RootKeyId{}.bytes.size();
constexpr std::size_t least_size = header_size + aead_nonce_size + aead_tag_size;

std::string_view view(auto& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string header(const RootKeyId& id) {
  Writer out;
  out.u8(format);
  out.raw(view(id.bytes));
  return out.take();
}

AeadNonce nonce_in(std::string_view sealed) {
  return AeadNonce(reinterpret_cast<const std::uint8_t*>(sealed.data()) + header_size, aead_nonce_size);
}

}  // namespace

RootKeyId id_of(const RootKey& key) {
  const Digest digest = hmac_sha256(view(key), "postrider root key id");
  RootKeyId id;
  std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

SealedBox::SealedBox(const RootKey& current, Random& random, std::vector<RootKey> former) : random_(random) {
  keys_.reserve(former.size() + 1);
  keys_.push_back({id_of(current), current});
  for (RootKey& key : former) {
    keys_.push_back({id_of(key), key});
    OPENSSL_cleanse(key.data(), key.size());
  }
}

SealedBox::~SealedBox() {
  OPENSSL_cleanse(keys_.data(), keys_.size() * sizeof(Entry));
}

std::string SealedBox::seal(std::string_view secret, std::string_view place) const {
  std::array<std::uint8_t, aead_nonce_size> nonce;
  random_.fill(nonce);
  std::string out = header(keys_.front().id);
  const std::string aad = out + std::string(place);
  out.append(view(nonce));
  Aead(keys_.front().key).seal(nonce, aad, secret, out);
  return out;
}

Result<std::string> SealedBox::open(std::string_view sealed, std::string_view place) const {
  if (sealed.size() < least_size) return Error{Code::corrupt, "too short for a sealed secret"};
  if (static_cast<std::uint8_t>(sealed.front()) != format)
    return Error{Code::corrupt, "unknown format of sealed secret"};
  const auto id = sealed.substr(1, header_size - 1);
  const auto entry =
      std::ranges::find_if(keys_, [id](const Entry& known) { return view(known.id.bytes) == id; });
  if (entry == keys_.end()) return Error{Code::not_found, "sealed under a root key that is not here"};
  const std::string aad = std::string(sealed.substr(0, header_size)).append(place);
  return Aead(entry->key).open(nonce_in(sealed), aad, sealed.substr(header_size + aead_nonce_size));
}

}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "crypto/sha256.h"
#include "model/ids.h"

namespace postrider::accounts {

// What the holder of a key shows, in SendGrid's shape of 69 characters: "SG." + 22 + "." + 43. The 22 are the
// ApiKeyId in base64url. Of the 43, the first 37 are random (220 bits), the last 6 the CRC-32 of those 37 in
// base62, so that a mistyped or invented key is known for one without asking anybody. Secret: never log,
// never store.
class ApiKeyText {
 public:
  static ApiKeyText generate(Random& random);
  // nullopt for anything generate() cannot have made.
  static std::optional<ApiKeyText> parse(std::string_view text);

  const ApiKeyId& id() const { return id_; }
  const std::string& text() const { return text_; }
  Digest digest() const { return sha256(text_); }  // what is kept of it

 private:
  ApiKeyText(ApiKeyId id, std::string text) : id_(id), text_(std::move(text)) {}
  ApiKeyId id_;
  std::string text_;
};

}  // namespace postrider::accounts

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "crypto/signing_key.h"

namespace postrider::dkim {

// A signature header that only lacks its signature, and what has to be signed for it.
struct Unsigned {
  std::string header_without_b;  // "DKIM-Signature: …; b=", folded, not ended
  Digest digest{};               // of the signed fields and of this header in relaxed form
};

// The complete field, folded, ending with CRLF. It belongs in front of the message's other fields.
std::string finish(const Unsigned& prepared, std::string_view signature);

// What mail of ours is signed over: the fields RFC 6376 5.4.1 recommends and those that senders' rules ask
// for.
std::span<const std::string_view> usual_headers();

// Signs relaxed/relaxed for one domain and selector. Who holds the key signs the digest: in this process or
// in another, one or a batch. The body hash is computed once per body (body_hash) and serves every recipient
// and every signature. Immutable: any thread.
class Signer {
 public:
  // `headers`: names to sign, in this order, where present; every instance is signed. From must be among
  // them; it is listed once more than present, so that nobody can add a second one. Code::invalid for a
  // domain, selector or name that cannot stand in the header.
  static Result<Signer> create(std::string_view domain, std::string_view selector, KeyType type,
                               std::span<const std::string_view> headers = usual_headers());

  // `headers`: the message's header fields as they will be sent, CRLF after each, with exactly one From.
  Unsigned prepare(std::string_view headers, const Digest& body_hash, Time now,
                   std::optional<Time> expires = std::nullopt) const;

  const std::string& domain() const { return domain_; }
  const std::string& selector() const { return selector_; }

 private:
  Signer() = default;
  std::string domain_, selector_;
  std::string prefix_;  // up to and with "s=…;"
  std::vector<std::string> names_;
};

}  // namespace postrider::dkim

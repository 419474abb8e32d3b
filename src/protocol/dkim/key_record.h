// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/signing_key.h"

namespace postrider::dkim {

// What SELECTOR._domainkey.DOMAIN must say: "v=DKIM1; k=rsa; p=…" or "v=DKIM1; k=ed25519; p=…".
std::string key_record(const PublicKey& key);
std::string key_record_name(std::string_view selector, std::string_view domain);

// A record as the character strings of one TXT record: pieces of at most 255 bytes, to be joined without a
// space.
std::vector<std::string> txt_strings(std::string_view record);

struct KeyRecord {
  PublicKey key;
  bool testing = false;           // t=y: the domain only tries DKIM out
  bool same_domain_only = false;  // t=s: i= may not name a subdomain
};

// A published record, its strings joined (RFC 6376 3.6.1). Code::forbidden for a revoked key (p= empty), else
// Code::invalid: not a record, not for mail, not for SHA-256, or an RSA key under 1024 bits (RFC 8301).
Result<KeyRecord> parse_key_record(std::string_view txt);

}  // namespace postrider::dkim

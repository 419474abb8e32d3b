// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "crypto/signing_key.h"
#include "model/ids.h"

namespace postrider::domains {

struct DkimKey {
  std::string selector;
  KeyType type = KeyType::rsa;
  std::string record;  // "v=DKIM1; k=…; p=…", what the selector's TXT record must say
};

// A domain belongs to one tenant, which may send from it and from every name below it that is not itself a
// domain of somebody, once it is verified. The operator's command makes it verified at once, a tenant's own
// adding does not.
struct SendingDomain {
  DomainId id;
  TenantId tenant;
  std::string name;  // A-labels, lower case, no final dot
  bool verified = false;
  Time created;
  std::vector<DkimKey> keys;  // by selector: "e1" Ed25519, "s1" RSA-2048
};

// The form in which names are kept: lower case, without a final dot; nullopt when it is not the name of a
// domain that could receive mail (RFC 5321 2.3.5: at least two labels of letters, digits and hyphens). Names
// beyond ASCII arrive as A-labels.
std::optional<std::string> domain_name(std::string_view text);

// The name itself or one below it. Both in kept form.
bool covers(std::string_view domain, std::string_view host);

struct DnsRecord {
  std::string selector;  // of a DKIM key; empty otherwise
  std::string name;
  std::string type;
  std::string value;     // of a TXT record: its strings joined
  bool required = true;  // without it mail is not signed so that anybody can check; the others are advice
};

// What to publish. DKIM for both keys; a DMARC policy that only watches, since a stricter one is for whoever
// knows all senders of the domain; and SPF for the addresses that mail leaves from, when they are known: it
// counts where the domain is the envelope sender's too. A domain that has an SPF or DMARC record already
// needs no second one.
std::vector<DnsRecord> dns_records(const SendingDomain& domain,
                                   std::span<const std::string> source_addresses = {});

}  // namespace postrider::domains

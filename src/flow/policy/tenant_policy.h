// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "protocol/dkim/signer.h"

namespace postrider {

// A domain a tenant may send from, and how its mail is signed.
struct SenderDomain {
  std::string name;  // lower-case A-labels
  struct Key {
    dkim::Signer header;  // domain, selector and algorithm
    SigningKeyId id;
  };
  std::vector<Key> keys{};
  bool keys_unreadable = false;  // it has keys and they do not open: its mail waits
};

// Everything the hot path must know of a tenant, as one immutable value: doors and delivery read it and never
// query.
struct TenantPolicy {
  TenantId id;
  bool may_submit = true;   // mail is taken
  bool may_deliver = true;  // and goes out; without it mail waits, and its 72 hours run on
  std::vector<SenderDomain> domains;

  // The domain that covers this one (itself, or a parent of it), or null: the tenant may not send from it.
  const SenderDomain* domain_for(std::string_view ascii_domain) const;
};

// Where a tenant's policy is looked up: any thread, no waiting. Null = there is no such tenant.
class Policies {
 public:
  virtual ~Policies() = default;
  virtual std::shared_ptr<const TenantPolicy> tenant(TenantId id) const = 0;
  // False: what is known is too old to act upon. Nothing is taken and nothing goes out until it is known
  // anew, so that who has been stopped stays stopped.
  virtual bool current() const { return true; }
};

}  // namespace postrider

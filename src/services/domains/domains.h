// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/entry.h"
#include "base/result.h"
#include "crypto/sealed_box.h"
#include "crypto/signing_key.h"
#include "model/tenant.h"
#include "services/domains/sending_domain.h"
#include "store/store.h"

namespace postrider::domains {

// A private key, opened for whoever signs.
struct DomainSigner {
  std::string selector;
  SigningKey key;
};

// The domains of all tenants. Every change is audited and announced on the control feed. Any thread; calls
// block. `box` must outlive it.
class Domains {
 public:
  Domains(store::Store& store, const SealedBox& box) : store_(store), box_(box) {}

  // With two fresh keys; takes a tenth of a second. `invalid` for what is no domain name, `exists` when some
  // tenant has it.
  Result<SendingDomain> add(const Tenant& tenant, std::string_view name, bool verified,
                            const audit::Author& author);
  Result<std::optional<SendingDomain>> find(const Tenant& tenant, std::string_view name);
  Result<std::vector<SendingDomain>> list(const Tenant& tenant);  // by name
  // With its keys: mail that waits is signed no more. not_found unless it is this tenant's.
  Result<void> remove(const Tenant& tenant, std::string_view name, const audit::Author& author);

  // Both keys, opened. `corrupt` when the sealed bytes are not those of this domain, `not_found` when their
  // root key is not here.
  Result<std::vector<DomainSigner>> signers(const Tenant& tenant, DomainId domain);

  Result<std::vector<SendingDomain>> all();  // by name: for operators and the builder of policies

 private:
  store::Store& store_;
  const SealedBox& box_;
};

const store::Schema& schema();

}  // namespace postrider::domains

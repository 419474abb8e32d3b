// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/entry.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "model/tenant.h"
#include "services/accounts/api_key_text.h"
#include "store/store.h"

namespace postrider::accounts {

struct ApiKey {
  ApiKeyId id;
  TenantId tenant;
  std::string name;
  std::vector<std::string> scopes;  // "mail.send", …: exactly what it may do
  Digest hash{};                    // of the key's text
  Time created;
  std::optional<Time> expires;
  std::optional<Time> revoked;
  std::optional<Time> last_used;  // to the minute, a minute late

  bool allows(std::string_view scope) const;
  // The tenant this text speaks for, or nullopt: not this key, revoked, or expired. Takes the same time
  // wherever the texts differ. The one way from a request to a Tenant.
  std::optional<Tenant> admit(const ApiKeyText& text, Time now) const;
};

struct NewApiKey {
  std::string name;  // 1 to 100 bytes
  std::vector<std::string> scopes = {"mail.send"};
  std::optional<Time> expires = {};
};

struct CreatedApiKey {
  ApiKey key;
  ApiKeyText text;  // shown now and never again
};

// Every change is audited and announced on the control feed. Any thread; calls block.
class ApiKeys {
 public:
  explicit ApiKeys(store::Store& store) : store_(store) {}

  Result<CreatedApiKey> create(const Tenant& tenant, const NewApiKey& wanted, Random& random,
                               const audit::Author& author);
  Result<std::vector<ApiKey>> list(const Tenant& tenant);  // revoked ones too, oldest first
  // not_found unless it is this tenant's; one that is revoked stays so.
  Result<void> revoke(const Tenant& tenant, const ApiKeyId& id, const audit::Author& author);

  // Whose key it is, before anybody is known.
  Result<std::optional<ApiKey>> find(const ApiKeyId& id);

 private:
  store::Store& store_;
};

}  // namespace postrider::accounts

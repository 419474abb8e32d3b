// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "model/tenant.h"
#include "services/accounts/api_key.h"

namespace postrider::api {

// The API keys as of the last change, in memory. Any thread, no waiting; null = there is no such key.
class KeyBook {
 public:
  virtual ~KeyBook() = default;
  virtual std::shared_ptr<const accounts::ApiKey> find(const ApiKeyId& id) const = 0;
};

// Who is calling. Costs a checksum, a look into the book and a hash; never a query.
class Authenticator {
 public:
  explicit Authenticator(const KeyBook& book) : book_(book) {}

  struct Caller {
    Tenant tenant;
    std::shared_ptr<const accounts::ApiKey> key;
  };
  // Why somebody is not let in. The client hears the status and one sentence, the same for a wrong, a revoked
  // and an expired key; the operator's log hears the reason and which key it was.
  struct Stranger {
    int status;                   // 401 or 403
    std::string_view message;     // for the client
    std::string_view reason;      // for the log
    std::optional<ApiKeyId> key;  // when the text could have been one
  };
  // `authorization` is the header's value, `scope` what the route asks for.
  std::variant<Caller, Stranger> admit(std::optional<std::string_view> authorization, std::string_view scope,
                                       Time now) const;

 private:
  const KeyBook& book_;
};

}  // namespace postrider::api

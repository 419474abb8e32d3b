// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "model/ids.h"

namespace postrider {

namespace accounts {
struct ApiKey;
}
namespace app {
class Operator;
}

// A parameter that says who may call: only Holder can make one.
template <class Holder>
class Badge {
  friend Holder;
  constexpr Badge() {}  // NOLINT: a defaulted one would make Badge an aggregate that anybody can make
};

// The tenant for which something is done, and the proof that somebody was entitled to say so. Every query on
// a tenant's data takes one, so an identifier out of a request can never become the tenant of a query.
class Tenant {
 public:
  Tenant(Badge<accounts::ApiKey>, TenantId id) : id_(id) {}  // whoever showed this key
  Tenant(Badge<app::Operator>, TenantId id) : id_(id) {}     // a command typed on this machine

  TenantId id() const { return id_; }
  friend bool operator==(const Tenant&, const Tenant&) = default;

 private:
  friend Tenant recorded_tenant(TenantId);
  explicit Tenant(TenantId id) : id_(id) {}
  TenantId id_;
};

// The tenant of something Postrider wrote earlier under a credential: for readers of the log, the builder of
// policies and delivery, where nobody is signing in. Never in a door (src/edge): a test reads the sources for
// it.
inline Tenant recorded_tenant(TenantId id) {
  return Tenant(id);
}

}  // namespace postrider

// SPDX-License-Identifier: Apache-2.0
#include "app/operator.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>

namespace postrider::app {

audit::Author Operator::author() const {
  const auto* entry = ::getpwuid(::getuid());
  return {clock_.wall(), std::string("operator:") + (entry ? entry->pw_name : std::to_string(::getuid())), "",
          ""};
}

Result<Tenant> Operator::account(store::Store& store, const std::string& wanted) const {
  const auto all = PR_TRY(accounts::Accounts(store).all());
  if (wanted.empty()) {
    if (all.size() == 1) return act_for(all.front().id);
    return Error{Code::invalid, all.empty()
                                    ? "there is no account yet; make one with: postrider account create NAME"
                                    : "there are several accounts; say which with --account ID"};
  }
  const auto found = std::ranges::find_if(all, [&](const accounts::Account& account) {
    return std::to_string(account.id.value) == wanted || account.name == wanted;
  });
  if (found == all.end()) return Error{Code::not_found, "no account is called \"" + wanted + "\""};
  return act_for(found->id);
}

}  // namespace postrider::app

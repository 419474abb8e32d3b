// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>

#include "app/command.h"
#include "services/accounts/api_key.h"

namespace postrider::app {

// An API key made by the operator's hand.
Result<accounts::CreatedApiKey> issue_key(Workbench& bench, const Tenant& tenant, std::string name,
                                          std::vector<std::string> scopes);

}  // namespace postrider::app

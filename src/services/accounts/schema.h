// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "store/schema.h"

namespace postrider::accounts {

const store::Schema& schema();  // tables `accounts`, `api_keys`, `api_key_uses`

}  // namespace postrider::accounts

// SPDX-License-Identifier: Apache-2.0
#include "journal/local/engine.h"

namespace postrider::journal::local {

Result<void> Engine::save_floors() {
  identity.carried_item = events.durable_next();
  return StreamFile(ground.disk, ground.wrapping).store(identity, ground.random);
}

}  // namespace postrider::journal::local

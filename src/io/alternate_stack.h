// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace postrider::io {

// Gives this thread a stack of its own for signal handlers, if it has none: one that died because its stack
// was full can still say so. For as long as the thread lives.
void use_alternate_stack();

}  // namespace postrider::io

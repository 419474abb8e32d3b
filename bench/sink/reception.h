// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/task.h"
#include "bench/sink/ledger.h"
#include "io/listener.h"

namespace postrider::bench {

// Serves one SMTP connection: offers STARTTLS, accepts everything, notes it in the ledger and forgets it.
Task<void> receive_mail(io::Connection& connection, const io::TlsIdentity& identity, Ledger& ledger);

}  // namespace postrider::bench

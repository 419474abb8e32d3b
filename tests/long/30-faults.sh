#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# R3: every call of every kind fails, at k = 1, 2, 3 … and later in steps, until there is no k-th; then allocations, in a
# binary whose allocator is the system's.
cd "$(dirname "$0")/../.." || exit 1
status=0
tests/e2e/faults.py --every || status=1
if ./dev build dev postrider >build/dev-build.log 2>&1; then
  POSTRIDER_BINARY=build/dev/postrider tests/e2e/faults.py --memory --every || status=1
else
  echo "not ok the binary without a sanitizer builds: see build/dev-build.log"
  status=1
fi
exit $status

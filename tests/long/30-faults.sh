#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# R3: every call of every kind fails once, at k = 1, 2, 3 … until there is no k-th.
cd "$(dirname "$0")/../.." || exit 1
exec tests/e2e/faults.py --every

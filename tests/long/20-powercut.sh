#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# R2: 20 power cuts in each of two modes of ext4.
cd "$(dirname "$0")/../.." || exit 1
status=0
for mode in ordered writeback; do
  tests/e2e/powercut.py --rounds 20 --mount "data=$mode" || status=1
done
exit $status

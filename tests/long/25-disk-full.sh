#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# R5: the spool's disk at every level.
cd "$(dirname "$0")/../.." || exit 1
exec tests/e2e/disk_full.py --every

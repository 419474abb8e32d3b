#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# R1: 300 rounds of kill -9 at random moments, and every named crash point.
cd "$(dirname "$0")/../.." || exit 1
exec tests/e2e/kill9.py --rounds 300 --points all

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# R16: 20,000 seeds of the simulated world, and the pairs of state and crash point that they reached.
cd "$(dirname "$0")/../.." || exit 1
./dev build sim simulate || { echo "not ok the simulation builds"; exit 1; }
set -o pipefail
seeds=${SEEDS:-1-20000}
status=0
build/sim/tests/simulate --seeds "$seeds" --jobs "$(nproc)" >build/sim/seeds.txt || status=1
if [ $status = 0 ]; then echo "ok seeds $seeds: $(tail -1 build/sim/seeds.txt)"
else echo "not ok seeds $seeds: $(grep -m3 '^seed ' build/sim/seeds.txt | tr '\n' ' ')"
fi
tests/simulation/pairs.py <build/sim/seeds.txt || status=1
exit $status

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every planted bug of docs/mutants.md is found by the simulated world within 2,000 seeds.
cd "$(dirname "$0")/../.." || exit 1
./dev build sim simulate || { echo "not ok the simulation builds"; exit 1; }
status=0
for number in $(sed -n 's/^| \([0-9]\+\) |.*/\1/p' docs/mutants.md); do
  if MUTANT=$number build/sim/tests/simulate --seeds 1-2000 --jobs "$(nproc)" --first >build/sim/mutant.txt; then
    echo "not ok planted bug $number survives 2,000 seeds"
    status=1
  else
    echo "ok planted bug $number: $(grep -m1 '^seed ' build/sim/mutant.txt)"
  fi
done
exit $status

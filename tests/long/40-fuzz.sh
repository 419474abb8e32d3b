#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each fuzz target for FUZZ_SECONDS (60).
cd "$(dirname "$0")/../.." || exit 1
./dev build fuzz || { echo "not ok fuzz targets build"; exit 1; }
status=0
for source in fuzz/fuzz_*.cpp; do
  name=${source##*/fuzz_} name=${name%.cpp}
  if output=$(fuzz/run "$name" 2>&1); then
    echo "ok ${output##*$'\n'}"
  else
    echo "$output"
    echo "not ok fuzz $name: see the log"
    status=1
  fi
done
exit $status

#!/usr/bin/env bash
# VNN-COMP: run_instance.sh v1 CATEGORY ONNX VNNLIB RESULTS TIMEOUT. RESULTS holds the verdict in one word, and
# for sat the counterexample as ((X_0 0.5)\n(Y_0 1.0)); timeout until there is one, error where it failed.
set -uo pipefail
if [ "${1:-}" != v1 ]; then
  echo "run_instance.sh knows version v1, not '${1:-}'" >&2
  exit 1
fi
if [ $# -lt 6 ]; then
  echo 'run_instance.sh v1 CATEGORY ONNX VNNLIB RESULTS TIMEOUT' >&2
  exit 1
fi
onnx=$3 vnnlib=$4 results=$5 seconds=$6
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
PATH=$root/.glacis/node/bin:$PATH
echo timeout > "$results" || exit 1
# Glacis keeps the time itself; nothing is left running where it does not.
timeout -k 1 "$(awk "BEGIN { print $seconds + 2 }")" \
  node "$root/packages/glacis/bin/glacis.js" verify "$onnx" "$vnnlib" \
  --timeout "$seconds" --out "$results"
case $? in
  0 | 3) exit 0 ;;
  124 | 137) echo timeout > "$results" ;;
  *) echo error > "$results" ;;
esac
exit 0

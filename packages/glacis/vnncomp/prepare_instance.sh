#!/usr/bin/env bash
# VNN-COMP: prepare_instance.sh v1 CATEGORY ONNX VNNLIB. Nothing is converted: Glacis reads both files as they
# are, packed or not. Checks that they are there and that the program starts; anything else skips the instance.
set -euo pipefail
if [ "${1:-}" != v1 ]; then
  echo "prepare_instance.sh knows version v1, not '${1:-}'" >&2
  exit 1
fi
if [ $# -lt 4 ]; then
  echo 'prepare_instance.sh v1 CATEGORY ONNX VNNLIB' >&2
  exit 1
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
PATH=$root/.glacis/node/bin:$PATH
for file in "$3" "$4"; do
  if [ ! -r "$file" ]; then
    echo "there is no file $file" >&2
    exit 1
  fi
done
node "$root/packages/glacis/bin/glacis.js" --version

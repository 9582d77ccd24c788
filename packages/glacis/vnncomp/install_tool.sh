#!/usr/bin/env bash
# VNN-COMP: install_tool.sh v1. Makes a bare checkout ready to run: Node.js beside it where this machine has
# none that is new enough, the dependencies, and the compiled program.
set -euo pipefail
if [ "${1:-}" != v1 ]; then
  echo "install_tool.sh knows version v1, not '${1:-}'" >&2
  exit 1
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
own=$root/.glacis/node
PATH=$own/bin:$PATH

is_new_enough() {
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

if ! is_new_enough; then
  case $(uname -m) in
    x86_64) machine=x64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) machine=$(uname -m) ;;
  esac
  from=https://nodejs.org/dist/latest-v22.x
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  curl -fsSL "$from/SHASUMS256.txt" -o "$work/sums"
  file=$(grep -o "node-v[0-9.]*-linux-$machine.tar.gz" "$work/sums" | head -1)
  curl -fsSL "$from/$file" -o "$work/$file"
  (cd "$work" && grep " $file\$" sums | sha256sum -c -)
  mkdir -p "$own"
  tar -xzf "$work/$file" -C "$own" --strip-components=1
fi
cd "$root"
node scripts/setup.js
node packages/glacis/bin/glacis.js --version

#!/bin/sh
# One file with the agent's software for both kinds of machine, for roll-outs by the hub:
#   sh deploy/make-bundle.sh DIR [PYTHON…]
set -eu

HERE=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || { echo "Usage: make-bundle.sh DIR [PYTHON…]" >&2; exit 2; }
OUT=$1
shift
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
for MACHINE in arm64 amd64; do sh "$HERE/make-wheelhouse.sh" "$MACHINE" "$WORK" "$@" >/dev/null; done
VERSION=$(ls "$WORK/wheelhouse" | sed -n 's/^storevitals-\(.*\)-py3-none-any\.whl$/\1/p')
mkdir -p "$OUT"
tar -C "$WORK" --sort=name --owner=0 --group=0 --mtime=@0 -cf "$OUT/storevitals-agent-$VERSION.tar" wheelhouse
ls -l "$OUT/storevitals-agent-$VERSION.tar"

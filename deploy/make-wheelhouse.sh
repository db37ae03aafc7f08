#!/bin/sh
# Collects all that the agent needs for one kind of machine, to be carried into a store on a stick:
#   sh deploy/make-wheelhouse.sh arm64|amd64 DIR [PYTHON…]
# With PART=hub in the environment it is all that the hub needs.
# PYTHON are versions of Python 3, such as 3.11 (Debian 12, the default) and 3.13 (Debian 13).
set -eu

ROOT=$(cd "$(dirname "$0")/.." && pwd)
BIN=${BIN:-$ROOT/.venv/bin}
PART=${PART:-agent}
[ $# -ge 2 ] || { echo "Usage: make-wheelhouse.sh arm64|amd64 DIR [PYTHON…]" >&2; exit 2; }
case "$1" in
  arm64) MACHINE=aarch64 ;;
  amd64) MACHINE=x86_64 ;;
  *) echo "make-wheelhouse.sh: $1 is neither arm64 nor amd64." >&2; exit 2 ;;
esac
OUT=$2
shift 2
[ $# -gt 0 ] || set -- 3.11

mkdir -p "$OUT/wheelhouse"
(cd "$ROOT" && "$BIN/python" -m hatchling build -t wheel -d "$OUT/wheelhouse" >/dev/null)
for VERSION in "$@"; do
  "$BIN/python" -m pip download --quiet --disable-pip-version-check --only-binary :all: \
    --implementation cp --python-version "$VERSION" --abi "cp$(echo "$VERSION" | tr -d .)" --abi abi3 --abi none \
    --platform "manylinux_2_28_$MACHINE" --platform "manylinux_2_17_$MACHINE" --platform "manylinux2014_$MACHINE" \
    -c "$ROOT/requirements.lock" --find-links "$OUT/wheelhouse" -d "$OUT/wheelhouse" "storevitals[$PART]"
done
if [ "$PART" = agent ]; then
  cp -r "$ROOT/deploy/install-agent.sh" "$ROOT/deploy/systemd" "$OUT/"
  rm -f "$OUT"/systemd/storevitals-hub.service "$OUT"/systemd/storevitals-certificates.*
else
  cp "$ROOT/deploy/install-hub.sh" "$OUT/"
fi
echo "$OUT: $(ls "$OUT/wheelhouse" | wc -l) wheels, $(du -sh "$OUT" | cut -f1)"

#!/bin/sh
# Builds storevitals-agent_VERSION_ARCH.deb from the wheels; nothing of others is kept in the sources:
#   sh deploy/build-deb.sh arm64|amd64 DIR [PYTHON…]
set -eu

ROOT=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 2 ] || { echo "Usage: build-deb.sh arm64|amd64 DIR [PYTHON…]" >&2; exit 2; }
command -v dpkg-deb >/dev/null || { echo "build-deb.sh: dpkg-deb is missing; build on Debian." >&2; exit 1; }
ARCH=$1 OUT=$2
shift 2
mkdir -p "$OUT"
TREE=$(mktemp -d)
trap 'rm -rf "$TREE"' EXIT
chmod 0755 "$TREE"

SHARE="$TREE/usr/share/storevitals-agent"
sh "$ROOT/deploy/make-wheelhouse.sh" "$ARCH" "$SHARE" "$@"
VERSION=$(ls "$SHARE/wheelhouse" | sed -n 's/^storevitals-\([^-]*\)-.*/\1/p')
install -D -m 0644 "$ROOT/LICENSE" "$TREE/usr/share/doc/storevitals-agent/copyright"
mkdir "$TREE/DEBIAN"
cat >"$TREE/DEBIAN/control" <<CONTROL
Package: storevitals-agent
Version: $VERSION
Architecture: $ARCH
Maintainer: StoreVitals
Depends: python3 (>= 3.11), python3-venv, passwd
Section: net
Priority: optional
Installed-Size: $(du -sk "$TREE/usr" | cut -f1)
Description: reads a store's equipment, door counters and tills (门店采集端)
 Keeps every reading until the hub has it. Set it up with: storevitals-agent setup
CONTROL
cat >"$TREE/DEBIAN/postinst" <<'POSTINST'
#!/bin/sh
set -e
[ "$1" != configure ] || sh /usr/share/storevitals-agent/install-agent.sh
POSTINST
cat >"$TREE/DEBIAN/prerm" <<'PRERM'
#!/bin/sh
set -e
[ "$1" != remove ] || sh /usr/share/storevitals-agent/install-agent.sh --uninstall --keep-data
PRERM
cat >"$TREE/DEBIAN/postrm" <<'POSTRM'
#!/bin/sh
set -e
if [ "$1" = purge ]; then
  rm -rf /etc/storevitals /var/lib/storevitals
  if id storevitals >/dev/null 2>&1; then userdel storevitals; fi
fi
POSTRM
chmod 0755 "$TREE/DEBIAN/postinst" "$TREE/DEBIAN/prerm" "$TREE/DEBIAN/postrm"
dpkg-deb --root-owner-group --build "$TREE" "$OUT/storevitals-agent_${VERSION}_$ARCH.deb" >/dev/null
echo "$OUT/storevitals-agent_${VERSION}_$ARCH.deb: $(du -h "$OUT/storevitals-agent_${VERSION}_$ARCH.deb" | cut -f1)"

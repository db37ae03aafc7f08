#!/bin/sh
# Installs the hub's program on Debian 12 or newer from the wheelhouse beside this script; an update
# is the same. Needs root and no internet. Then: storevitals-hub setup --name NAME
set -eu

HERE=$(cd "$(dirname "$0")" && pwd)
WHEELS=${1:-$HERE/wheelhouse}
HOME_DIR=/opt/storevitals
UNIT=storevitals-hub.service

die() {
  printf 'install-hub.sh: %s\n' "$*" >&2
  exit 1
}
[ "$(id -u)" = 0 ] || die "run it with sudo."
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
  die "Python 3.11 or newer is needed; use Debian 12 or newer."
python3 -c 'import venv, ensurepip' 2>/dev/null ||
  die "python3-venv is missing: sudo apt-get install python3-venv"
ls "$WHEELS"/storevitals-*.whl >/dev/null 2>&1 ||
  die "there is no wheelhouse at $WHEELS: unpack the whole archive, or name it."

# Beside the old one and then in its place, so that a failure leaves the old one as it was.
rm -rf "$HOME_DIR.new"
python3 -m venv "$HOME_DIR.new"
"$HOME_DIR.new/bin/python" -m pip install --quiet --disable-pip-version-check --no-index \
  --no-cache-dir --find-links "$WHEELS" 'storevitals[hub]' || {
  rm -rf "$HOME_DIR.new"
  die "the wheelhouse has no wheels for this machine ($(uname -m), $(python3 -V))."
}
[ ! -d /run/systemd/system ] || systemctl stop "$UNIT" 2>/dev/null || true
rm -rf "$HOME_DIR"
mv "$HOME_DIR.new" "$HOME_DIR"
# A virtual environment names its place in its scripts.
grep -rlI "$HOME_DIR.new" "$HOME_DIR/bin" "$HOME_DIR/pyvenv.cfg" | xargs -r sed -i "s#$HOME_DIR.new#$HOME_DIR#g"
ln -sf "$HOME_DIR/bin/storevitals-hub" /usr/local/bin/storevitals-hub
if [ -d /run/systemd/system ] && [ -f "/etc/systemd/system/$UNIT" ]; then systemctl start "$UNIT"; fi
printf 'Installed: %s\n' "$(/usr/local/bin/storevitals-hub --version)"
[ -f /etc/storevitals/hub.toml ] || printf 'Next: sudo storevitals-hub setup --name NAME\n'

#!/bin/sh
# Installs the agent on Debian 12, Raspberry Pi OS 12 or newer from the wheelhouse beside this
# script. Needs root and no internet. `--uninstall` takes away everything that it made.
set -eu

HERE=$(cd "$(dirname "$0")" && pwd)
WHEELS="$HERE/wheelhouse"
UNITS="$HERE/systemd"
HOME_DIR=/opt/storevitals
CONFIG_DIR=/etc/storevitals
DATA_DIR=/var/lib/storevitals
UNIT=storevitals-agent.service
DROP_INS="/etc/systemd/journald.conf.d/storevitals.conf /etc/systemd/system.conf.d/storevitals.conf"

say() { printf '%s\n' "$*"; }
die() {
  printf 'install-agent.sh: %s\n' "$*" >&2
  exit 1
}
usage() {
  say "Usage: sudo sh install-agent.sh [--wheelhouse DIR]"
  say "       sudo sh install-agent.sh --uninstall [--keep-data]"
}
# A chroot or container may have the files of systemd, but no systemd that runs.
systemd() { [ -d /run/systemd/system ]; }

need() {
  [ "$(id -u)" = 0 ] || die "run it with sudo: it makes a user and a service."
  command -v python3 >/dev/null || die "python3 is missing: sudo apt-get install python3 python3-venv"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "Python 3.11 or newer is needed, here is $(python3 -V); use Debian 12 or newer."
  python3 -c 'import venv, ensurepip' 2>/dev/null ||
    die "python3-venv is missing: sudo apt-get install python3-venv"
  ls "$WHEELS"/storevitals-*.whl >/dev/null 2>&1 ||
    die "there is no wheelhouse at $WHEELS: unpack the whole archive, or name it with --wheelhouse."
}

install_agent() {
  need
  id storevitals >/dev/null 2>&1 ||
    useradd --system --home-dir "$DATA_DIR" --no-create-home --shell /usr/sbin/nologin storevitals
  getent group dialout >/dev/null && usermod -a -G dialout storevitals
  getent group gpio >/dev/null && usermod -a -G gpio storevitals
  say "Installing into $HOME_DIR …"
  # Beside the old one and then in its place, so that a failure leaves the old one as it was.
  rm -rf "$HOME_DIR.new"
  python3 -m venv "$HOME_DIR.new"
  "$HOME_DIR.new/bin/python" -m pip install --quiet --disable-pip-version-check --no-index \
    --no-cache-dir --find-links "$WHEELS" 'storevitals[agent]' || {
    rm -rf "$HOME_DIR.new"
    die "the wheelhouse has no wheels for this machine ($(uname -m), $(python3 -V)); take the archive for it."
  }
  systemd && systemctl stop "$UNIT" 2>/dev/null || true
  rm -rf "$HOME_DIR"
  mv "$HOME_DIR.new" "$HOME_DIR"
  # A virtual environment names its place in its scripts.
  grep -rlI "$HOME_DIR.new" "$HOME_DIR/bin" "$HOME_DIR/pyvenv.cfg" | xargs -r sed -i "s#$HOME_DIR.new#$HOME_DIR#g"
  ln -sf "$HOME_DIR/bin/storevitals-agent" /usr/local/bin/storevitals-agent
  # Set-group-id: what root writes there, the service may read.
  install -d -m 2750 -o root -g storevitals "$CONFIG_DIR"
  install -d -m 0750 -o storevitals -g storevitals "$DATA_DIR"
  install -D -m 0644 "$UNITS/$UNIT" "/etc/systemd/system/$UNIT"
  install -D -m 0644 "$UNITS/journald-storevitals.conf" /etc/systemd/journald.conf.d/storevitals.conf
  install -D -m 0644 "$UNITS/watchdog-storevitals.conf" /etc/systemd/system.conf.d/storevitals.conf
  if systemd; then
    systemctl daemon-reload
    systemctl enable --quiet "$UNIT"
    systemctl try-restart systemd-journald.service
    [ ! -f "$CONFIG_DIR/agent.toml" ] || systemctl restart "$UNIT"
  fi
  say "Installed: $(/usr/local/bin/storevitals-agent --version)"
  [ -f "$CONFIG_DIR/agent.toml" ] || say "Next: sudo storevitals-agent setup"
}

uninstall_agent() {
  [ "$(id -u)" = 0 ] || die "run it with sudo."
  if systemd; then
    systemctl disable --now --quiet "$UNIT" 2>/dev/null || true
  fi
  rm -f "/etc/systemd/system/$UNIT" /usr/local/bin/storevitals-agent
  for file in $DROP_INS; do
    rm -f "$file"
    rmdir --ignore-fail-on-non-empty "$(dirname "$file")" 2>/dev/null || true
  done
  rm -rf "$HOME_DIR" "$HOME_DIR.new"
  if [ "$1" = no ]; then
    rm -rf "$CONFIG_DIR" "$DATA_DIR"
    id storevitals >/dev/null 2>&1 && userdel storevitals
  fi
  if systemd; then
    systemctl daemon-reload
    systemctl try-restart systemd-journald.service
  fi
  if [ "$1" = no ]; then say "The agent, its configuration and its readings are gone."; else
    say "The agent is gone; $CONFIG_DIR and $DATA_DIR are kept."
  fi
}

ACTION=install KEEP=no
while [ $# -gt 0 ]; do
  case "$1" in
    --wheelhouse) [ $# -gt 1 ] || { usage >&2; exit 2; }; WHEELS=$2; shift ;;
    --uninstall) ACTION=uninstall ;;
    --keep-data) KEEP=yes ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
case "$ACTION" in
  install) install_agent ;;
  uninstall) uninstall_agent "$KEEP" ;;
esac

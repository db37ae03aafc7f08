#!/bin/sh
# Makes sure that the servers and the browser of the tests are there: installs them when root, else says what is missing.
set -eu
missing=""
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need mosquitto mosquitto
need chromium chromium
need influxd influxdb
need nginx nginx-light
need victoria-metrics victoria-metrics
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
fc-list 2>/dev/null | grep -qi 'Noto Sans CJK' || missing="$missing fonts-noto-cjk"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing fontconfig >/dev/null
else
  echo "The tests need these Debian packages:$missing. Install them with: sudo apt-get install$missing" >&2
  exit 1
fi

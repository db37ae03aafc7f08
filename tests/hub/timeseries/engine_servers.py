"""Real InfluxDB (behind nginx) and VictoriaMetrics for the tests, each with its own data."""

import hashlib
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import HOST, Program, free_port, wait_for

START_S = 20.0
INFLUX_CONF = """
reporting-disabled = true
bind-address = "{host}:{rpc_port}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "{host}:{port}"
  log-enabled = false
"""
# What InfluxDB 1.8 does by itself: /api/v2/write takes "database/policy" as its bucket.
NGINX_CONF = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
  access_log off;
  client_max_body_size 25m;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  map $arg_bucket $database {{ "~^(?<d>[^/%]+)(/|%2F)" $d; }}
  map $arg_bucket $policy {{ "~(/|%2F)(?<p>[^/%]+)$" $p; }}
  server {{
    listen {host}:{port};
    location / {{ proxy_pass http://{host}:{influx_port}; }}
    location = /api/v2/write {{
      set $to db=$database&rp=$policy&precision=$arg_precision;
      proxy_pass http://{host}:{influx_port}/write?$to;
    }}
  }}
}}
"""


def _is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310  our own server
            return True
    except (urllib.error.URLError, OSError):
        return False


def _found(name: str, package: str) -> str:
    for folder in ("/usr/bin", "/usr/sbin"):
        if Path(folder, name).exists():
            return f"{folder}/{name}"
    pytest.fail(f"A server is missing: apt-get install {package}")


class Influx:
    """Debian's InfluxDB 1.6; what is asked of it goes through nginx."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        own, self.port = free_port(), free_port()
        conf, proxy = folder / "influxdb.conf", folder / "nginx.conf"
        numbers = {"host": HOST, "folder": folder}
        conf.write_text(INFLUX_CONF.format(port=own, rpc_port=free_port(), **numbers))
        proxy.write_text(NGINX_CONF.format(port=self.port, influx_port=own, **numbers))
        influxd, nginx = _found("influxd", "influxdb"), _found("nginx", "nginx-light")
        self.server = Program("influxdb", [influxd, "run", "-config", str(conf)], folder)
        self.proxy = Program("nginx", [nginx, "-c", str(proxy), "-p", str(folder)], folder)

    def wait(self) -> None:
        wait_for(lambda: _is_up(f"http://{HOST}:{self.port}/ping"), START_S, "no InfluxDB")

    def url(self, database: str) -> str:
        return f"influxdb://{HOST}:{self.port}/{database}"

    def create(self, database: str) -> None:
        """Harmless if it is there."""
        data = urllib.parse.urlencode({"q": f'CREATE DATABASE "{database}"'}).encode()
        with urllib.request.urlopen(f"http://{HOST}:{self.port}/query", data, timeout=20):
            pass


class Victoria:
    """Debian's VictoriaMetrics, single node."""

    def __init__(self, folder: Path, *flags: str) -> None:
        folder.mkdir()
        self.port = free_port()
        own = flags or ("-dedup.minScrapeInterval=1ms", "-retentionPeriod=100y")
        command = [
            _found("victoria-metrics", "victoria-metrics"),
            f"-storageDataPath={folder / 'data'}",
            f"-httpListenAddr={HOST}:{self.port}",
            "-memory.allowedBytes=256MB",
            *own,
        ]
        self.server = Program("victoria-metrics", command, folder)

    def wait(self) -> None:
        wait_for(lambda: _is_up(f"http://{HOST}:{self.port}/health"), START_S, "no VictoriaMetrics")

    def url(self, name: str = "") -> str:
        return f"victoriametrics://{HOST}:{self.port}/{name}"


@contextmanager
def running_influx(folder: Path) -> Iterator[Influx]:
    influx = Influx(folder)
    with influx.server, influx.proxy:
        influx.wait()
        yield influx


@contextmanager
def running_victoria(folder: Path, *flags: str) -> Iterator[Victoria]:
    victoria = Victoria(folder, *flags)
    with victoria.server:
        victoria.wait()
        yield victoria


def name_of(folder: Path) -> str:
    """A database for each folder that an engine is opened in."""
    return "t" + hashlib.sha256(str(folder).encode()).hexdigest()[:16]

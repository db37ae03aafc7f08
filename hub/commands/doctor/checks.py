"""What `storevitals-hub doctor` looks at, one function a part."""

import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from hub.backup.making import status
from hub.commands.doctor.findings import Finding, Patient, failed, ok, warning
from hub.kit.clock import utc_now
from hub.kit.migrate import revisions
from hub.security.vault.opening import open_vault
from hub.tables import database_at
from hub.timeseries.engines import open_timeseries

LOW_DISK, NO_DISK = 0.10, 0.03
MOST_LAG_ROWS = 2_000
OLD_BACKUP = timedelta(hours=36)
CERTIFICATE_SOON = timedelta(days=30)
OWN_CERTIFICATES = ("ca", "server", "storevitals-hub", "storevitals-keeper")
CONNECT_S = 5.0
PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}


def disk(patient: Patient) -> Iterator[Finding]:
    data = patient.settings.data_dir
    if not data.is_dir():
        yield failed(
            "disk", f"没有数据目录 {data}：请设置 HUB_DATA_DIR。",
            f"there is no data directory {data}: set HUB_DATA_DIR.",
        )  # fmt: skip
        return
    usage = shutil.disk_usage(data)
    share, free = usage.free / usage.total, f"{usage.free / 1e9:.1f} GB"
    if share >= LOW_DISK:
        yield ok("disk", f"{data} 剩余 {free}。", f"{free} are free at {data}.")
        return
    say = failed if share < NO_DISK else warning
    yield say(
        "disk", f"{data} 只剩 {free}：请清理，或换更大的磁盘；写满后中心停止接收，读数留在代理里。",
        f"only {free} are free at {data}: make room or take a larger disk. When it is full the hub "
        "takes nothing in, and readings wait in the agents.",
    )  # fmt: skip


def clock(_patient: Patient) -> Iterator[Finding]:
    tool = shutil.which("timedatectl")
    if tool is None:
        yield warning(
            "clock", "无法得知系统时钟是否已同步（没有 timedatectl）：请确认 NTP 已启用。",
            "whether the clock is synchronised is unknown (no timedatectl): see that NTP runs.",
        )  # fmt: skip
        return
    command = [tool, "show", "-p", "NTPSynchronized", "--value"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=10)  # noqa: S603
    if said.stdout.strip() == "yes":
        yield ok("clock", "时钟已同步。", "the clock is synchronised.")
    else:
        yield warning(
            "clock", "时钟没有同步：请执行 timedatectl set-ntp true，否则告警与读数的时间会错。",
            "the clock is not synchronised: run timedatectl set-ntp true, or times of alerts and "
            "readings will be wrong.",
        )  # fmt: skip


def hub(patient: Patient) -> Iterator[Finding]:
    if patient.state is None:
        yield warning(
            "hub", "中心没有运行：systemctl start storevitals-hub。",
            "the hub does not run: systemctl start storevitals-hub.",
        )  # fmt: skip
        return
    for part, trouble in patient.state["troubles"].items():
        if trouble:
            yield failed("hub", f"{part} 不正常：{trouble}", f"{part} is not well: {trouble}")
    mine, running = version("storevitals"), patient.state["version"]
    if mine == running:
        yield ok("hub", f"正在运行，版本 {running}。", f"runs, version {running}.")
    else:
        yield warning(
            "hub", f"运行的是 {running}，已安装 {mine}：请重启中心。",
            f"version {running} runs, but {mine} is installed: restart the hub.",
        )  # fmt: skip


def journal(patient: Patient) -> Iterator[Finding]:
    lags = {
        name.removeprefix("lag_").removesuffix("_rows"): n
        for name, n in patient.numbers.items()
        if name.startswith("lag_")
    }
    for name, rows in lags.items():
        if rows > MOST_LAG_ROWS:
            yield failed(
                "journal", f"{name} 落后 {rows:.0f} 行：请看日志和磁盘、数据库的负载；数据没有丢。",
                f"{name} is {rows:.0f} rows behind: see the log and the load of disk and database; "
                "nothing is lost.",
            )  # fmt: skip
    if lags and max(lags.values()) <= MOST_LAG_ROWS:
        most = max(lags.values())
        yield ok("journal", f"最多落后 {most:.0f} 行。", f"at most {most:.0f} rows behind.")


def database(patient: Patient) -> Iterator[Finding]:
    url = patient.settings.database_url
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        yield warning(
            "database", "还没有数据库：第一次启动时生成。",
            "there is no database yet: the first start makes it.",
        )  # fmt: skip
        return
    db = database_at(url)
    try:
        here, newest = revisions(db)
    finally:
        db.close()
    if here == newest:
        yield ok("database", f"版本 {here}。", f"at revision {here}.")
    else:
        yield failed(
            "database", f"版本 {here}，程序需要 {newest}：先备份，再执行 storevitals-hub migrate。",
            f"at revision {here}, this program needs {newest}: make a backup, then run "
            "storevitals-hub migrate.",
        )  # fmt: skip


def time_series(patient: Patient) -> Iterator[Finding]:
    settings = patient.settings
    engine = settings.timeseries_url.partition(":")[0]
    is_own = engine == "duckdb"
    if patient.state is not None or (is_own and not (settings.data_dir / "timeseries").exists()):
        yield ok("time series", f"引擎 {engine}。", f"engine {engine}.")
        return
    opened = open_timeseries(settings.timeseries_url, settings.data_dir)
    position = opened.position()
    opened.close()
    yield ok(
        "time series", f"引擎 {engine}，到日志第 {position} 行。",
        f"engine {engine}, at row {position} of the journal.",
    )  # fmt: skip


def keys(patient: Patient) -> Iterator[Finding]:
    """MasterKeyError says what to do; it becomes a finding by itself."""
    settings = patient.settings
    path = Path(settings.keys_url.removeprefix("sqlite:///"))
    if settings.keys_url.startswith("sqlite") and not path.exists():
        return
    secret = settings.master_key.get_secret_value()
    file = settings.master_key_file or settings.data_dir / "master.key"
    open_vault(settings.keys_url, secret, file).keys.close()
    yield ok("keys", "主密钥与数据相符。", "the master key fits the data.")


def broker(patient: Patient) -> Iterator[Finding]:
    url = patient.settings.mqtt_url
    if not url:
        yield failed("broker", "没有设置 HUB_MQTT_URL。", "HUB_MQTT_URL is not set.")
        return
    if patient.numbers.get("connected") == 1:
        yield ok("broker", f"已连接 {url}。", f"connected to {url}.")
        return
    parts = urlsplit(url)
    where = (parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0))
    try:
        socket.create_connection(where, CONNECT_S).close()
    except OSError as error:
        yield failed(
            "broker", f"{url} 连不上（{error}）：消息代理在运行吗？防火墙放行了吗？",
            f"{url} is out of reach ({error}): does the broker run, does the firewall let through?",
        )  # fmt: skip
        return
    if patient.state is None:
        yield ok("broker", f"{url} 可达。", f"{url} can be reached.")
    else:
        yield failed(
            "broker", f"{url} 可达，但中心没有连上：请核对用户名、密码与证书，并看日志。",
            f"{url} can be reached, but the hub is not connected: check name, password and "
            "certificates, and see the log.",
        )  # fmt: skip


def certificates(patient: Patient) -> Iterator[Finding]:
    settings = patient.settings
    files = [settings.mqtt_ca_file, settings.mqtt_cert_file]
    if settings.agents_url:
        files += [settings.authority_dir / f"{name}.pem" for name in OWN_CERTIFICATES]
    for file in files:
        if file is not None:
            for certificate in x509.load_pem_x509_certificates(file.read_bytes()):
                yield _certificate(str(file), certificate.not_valid_after_utc)
    site = urlsplit(settings.public_url)
    if site.scheme == "https" and site.hostname:
        pem = ssl.get_server_certificate((site.hostname, site.port or 443), timeout=CONNECT_S)
        certificate = x509.load_pem_x509_certificate(pem.encode())
        yield _certificate(settings.public_url, certificate.not_valid_after_utc)


def _certificate(what: str, until: datetime) -> Finding:
    left, day = until - utc_now(), until.date()
    if left > CERTIFICATE_SOON:
        return ok("certificates", f"{what} 有效到 {day}。", f"{what} is valid until {day}.")
    say = failed if left <= timedelta() else warning
    return say(
        "certificates", f"{what} 到 {day} 为止：请换新证书，否则代理连不上。",
        f"{what} ends on {day}: renew it, or agents cannot connect.",
    )  # fmt: skip


def backups(patient: Patient) -> Iterator[Finding]:
    held = status(patient.settings.data_dir)
    if not held:
        yield warning(
            "backups", "还没有备份：storevitals-hub backup --to 目录。",
            "there is no backup yet: storevitals-hub backup --to DIR.",
        )  # fmt: skip
    for target, last in held.items():
        at = str(last.get("at") or "")
        is_old = not at or utc_now() - datetime.fromisoformat(at) > OLD_BACKUP
        if last.get("error") or is_old:
            why = last.get("error") or ""
            yield warning(
                "backups", f"{target} 最近一次完好的备份：{at or '没有'}。{why}",
                f"{target}: the last good backup is of {at or 'never'}. {why}".rstrip(),
            )  # fmt: skip
        else:
            yield ok("backups", f"{target}：{at}。", f"{target}: {at}.")


def versions(_patient: Patient) -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    mine = version("storevitals")
    yield ok("versions", f"程序 {mine}，Python {python}。", f"program {mine}, Python {python}.")

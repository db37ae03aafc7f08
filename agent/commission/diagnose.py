"""What may end the agent's years in the store: disk, card, clock, heat, power, ports, network."""

import asyncio
import socket
import ssl
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from agent.commission.advice import advice
from agent.commission.findings import Finding, failed, ok, warning
from agent.commission.network import own_interfaces
from agent.commission.ports import find_ports
from agent.commission.running import serial_ports
from agent.machine import Machine, free_bytes
from agent.settings import AgentSettings, SettingsError, load_settings
from agent.version import VERSION
from agent.words import T, plain
from protocols.mqtt.client import explain
from protocols.mqtt.options import MqttOptions, MqttOptionsError

HOT_C, TOO_HOT_C = 70.0, 80.0
CONNECT_S = 5.0
_SPARE = 1.5  # of the outbox's greatest size must be free
_LIBRARIES = ("paho-mqtt", "pymodbus", "pyserial", "pydantic", "protobuf")


async def diagnose(config: Path, machine: Machine) -> list[Finding]:
    """All findings; a configuration that cannot be read is one of them."""
    findings = [_versions(machine)]
    try:
        settings = load_settings(config)
    except SettingsError as error:
        findings.append(failed("configuration", _CONFIGURATION, str(error), _NEW_CONFIGURATION))
        settings = None
    else:
        text = T(f"{config}：有效", f"{config} is valid")
        findings.append(ok("configuration", _CONFIGURATION, text))
    folder = settings.agent.data_dir if settings else Path("/var/lib/storevitals")
    findings += machine_findings(folder, settings, machine)
    findings += [*_ports(settings), _network()]
    if settings:
        findings.append(await _hub(settings))
    return findings


def machine_findings(
    folder: Path, settings: AgentSettings | None, machine: Machine
) -> list[Finding]:
    """Disk, card, clock, heat and power; quick enough for a page that is shown all the time."""
    return [
        *_disk(folder, settings),
        *_card(folder, machine),
        _clock(machine),
        *_heat(machine),
        *_power(machine),
    ]


def _versions(machine: Machine) -> Finding:
    libraries = ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES)
    python = ".".join(str(part) for part in sys.version_info[:3])
    text = f"storevitals-agent {VERSION}, Python {python}, {machine.model()}, {libraries}"
    return ok("versions", T("版本", "versions"), text)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "–"


def _disk(folder: Path, settings: AgentSettings | None) -> Iterator[Finding]:
    name = T("磁盘空间", "disk space")
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = free_bytes(there)
    if free is None:
        return
    needed = (settings.outbox.max_mb if settings else 150) * 1_000_000 * _SPARE
    text = T(f"{there} 剩余 {_size(free)}", f"{_size(free)} free at {there}")
    if free < needed:
        todo = T(
            f"请释放空间（至少 {_size(needed)}），例如 sudo journalctl --vacuum-size=50M",
            f"free some space (at least {_size(needed)}), "
            "such as by sudo journalctl --vacuum-size=50M",
        )
        yield failed("disk", name, text, todo)
    else:
        yield ok("disk", name, text)


def _card(folder: Path, machine: Machine) -> Iterator[Finding]:
    name = T("存储卡", "memory card")
    card = machine.card(folder) if folder.exists() else None
    if card is None:
        return
    if card.is_read_only:
        text = T("文件系统已变为只读", "the file system has become read-only")
        yield failed("card", name, text, _REPLACE_CARD)
    elif card.errors:
        text = T(f"文件系统有 {card.errors} 个错误", f"{card.errors} errors of the file system")
        yield failed("card", name, text, _REPLACE_CARD)
    elif card.worn_percent is not None and card.worn_percent >= 80:
        text = T(
            f"寿命已用 {card.worn_percent:g} %", f"{card.worn_percent:g} % of its life is used"
        )
        yield warning("card", name, text, _REPLACE_CARD)
    else:
        yield ok("card", name, _card_words(card.written_bytes, card.worn_percent, machine))


def _card_words(written: int | None, worn: float | None, machine: Machine) -> T:
    text = T("没有错误", "no errors")
    uptime_s = machine.uptime_s()
    if written is not None and uptime_s:
        day = written / max(uptime_s, 600) * 86_400
        text += T(f"，每天写入约 {_size(day)}", f", about {_size(day)} written a day")
    if worn is not None:
        text += T(f"，寿命已用 {worn:g} %", f", {worn:g} % of its life used")
    return text


def _clock(machine: Machine) -> Finding:
    name, trusted = T("时钟", "clock"), machine.is_clock_trusted()
    if trusted:
        return ok("clock", name, T("已与时间服务器同步", "set by a time server"))
    if trusted is None:
        return warning("clock", name, T("无法判断", "cannot be told"), _SET_CLOCK)
    text = T("没有与时间服务器同步", "not set by a time server")
    return warning("clock", name, text, _SET_CLOCK)


def _heat(machine: Machine) -> Iterator[Finding]:
    name, heat = T("温度", "temperature"), machine.temperature_c()
    if heat is None:
        return
    text = plain(f"{heat:.0f} °C")
    if heat >= TOO_HOT_C:
        yield failed("temperature", name, text, _COOL)
    elif heat >= HOT_C:
        yield warning("temperature", name, text, _COOL)
    else:
        yield ok("temperature", name, text)


def _power(machine: Machine) -> Iterator[Finding]:
    name, power = T("供电", "power supply"), machine.power()
    if power is None:
        return
    if power.is_low:
        yield failed("power", name, T("现在电压不足", "the voltage is too low now"), _SUPPLY)
    elif power.was_low:
        text = T("启动后曾电压不足", "the voltage was too low since the start")
        yield warning("power", name, text, _SUPPLY)
    else:
        yield ok("power", name, T("电压正常", "the voltage is right"))


def _ports(settings: AgentSettings | None) -> Iterator[Finding]:
    wanted = serial_ports(settings) if settings else frozenset()
    found = find_ports()
    for path in sorted(wanted):
        name = T(f"串口 {path.name}", f"port {path.name}")
        if not path.exists():
            text, todo = T("不存在", "is not there"), T("请插好转换器", "plug the adapter in")
            yield failed("port", name, text, todo)
    for port in found:
        name = plain(port.name)
        if port.trouble:
            yield failed("port", name, T("不能使用", "cannot be used"), port.trouble)
        elif not port.is_stable:
            yield warning("port", name, port.what, _UNSTABLE)
        else:
            yield ok("port", name, port.what)


def _network() -> Finding:
    name, own = T("网络", "network"), own_interfaces()
    if not own:
        text = T("没有网络地址", "there is no address")
        return failed(
            "network", name, text, T("请检查网线或 Wi-Fi", "check the cable or the Wi-Fi")
        )
    return ok("network", name, ", ".join(str(interface) for interface in own))


async def _hub(settings: AgentSettings) -> Finding:
    """Only whether it can be reached and proves who it is: the agent's place is not taken."""
    name, table = T("中心", "hub"), settings.uplink
    try:
        options = MqttOptions(table.url, client_id=settings.agent.id, ca_file=table.ca_file)
    except MqttOptionsError as error:
        return failed("hub", name, str(error), T("请改 [uplink] url", "change url in [uplink]"))
    try:
        async with asyncio.timeout(CONNECT_S):
            context = ssl.create_default_context(cafile=table.ca_file)
            secure = context if options.is_encrypted else None
            _, writer = await asyncio.open_connection(options.host, options.port, ssl=secure)
        writer.close()
    except OSError as error:  # TimeoutError, socket.gaierror and ssl.SSLError are
        text = explain(error, options)
        return failed("hub", name, f"{options}: {text}", advice(text))
    address = socket.gethostname()
    return ok("hub", name, T(f"{options} 可以连接（{address}）", f"{options} can be reached"))


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit != "GB" else f"{count:.1f} GB"
        count /= 1000
    return f"{count:.1f} TB"


_CONFIGURATION = T("配置", "configuration")
_NEW_CONFIGURATION = T(
    "请改正该行，或运行 storevitals-agent setup 重新生成",
    "mend that line, or make a new one with storevitals-agent setup",
)
_REPLACE_CARD = T("请尽快更换存储卡", "replace the card soon")
_SET_CLOCK = T(
    "请接通网络（sudo timedatectl set-ntp true）；之前的读数会暂存，之后补上时间",
    "connect the network (sudo timedatectl set-ntp true)",
)
_COOL = T("请改善散热：移开热源，加装散热片", "give it air: move it from heat, add a heat sink")
_SUPPLY = T(
    "请换用 5 V 3 A 的原装电源和短而粗的电源线",
    "use a 5 V 3 A supply of the maker and a short, thick cable",
)
_UNSTABLE = T(
    "拔插后名称会变：请换用带序列号的转换器，或固定 USB 插口",
    "its name changes when plugs are moved: use an adapter with a serial number",
)

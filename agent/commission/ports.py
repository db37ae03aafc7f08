"""Serial ports of this machine by names that stay when cables are moved (EDG-02).

Linux only: udev's /dev/serial/by-id, by-path where an adapter has no serial number, and the
built-in lines of a Raspberry Pi.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from agent.words import T

_BUILT_IN = {  # names of the Raspberry Pi's own line, the alias first
    "serial0": T("树莓派自带串口（GPIO 14/15）", "the Raspberry Pi's own line (GPIO 14/15)"),
    "ttyAMA0": T("树莓派自带串口", "the Raspberry Pi's own line"),
    "ttySC0": T("扩展板串口", "a line of an add-on board"),
    "ttySC1": T("扩展板串口", "a line of an add-on board"),
}


@dataclass(frozen=True, slots=True)
class FoundPort:
    """`name` is what belongs into agent.toml, `device` what it stands for today."""

    name: str
    device: str
    what: T
    is_stable: bool
    trouble: T | None = None


def find_ports(root: Path = Path("/")) -> list[FoundPort]:
    """Every serial port once, the most lasting of its names."""
    found: dict[Path, FoundPort] = {}
    for folder in ("by-id", "by-path"):
        for link in _links(root / "dev/serial" / folder):
            target = link.resolve()
            found.setdefault(target, _port(link, target, _usb_words(link.name), is_stable=True))
    for name, what in _BUILT_IN.items():
        path = root / "dev" / name
        if path.exists():
            found.setdefault(path.resolve(), _port(path, path.resolve(), what, is_stable=True))
    for path in sorted(root.glob("dev/ttyUSB*")) + sorted(root.glob("dev/ttyACM*")):
        what = T("没有稳定名称的 USB 串口", "a USB adapter without a lasting name")
        found.setdefault(path, _port(path, path, what, is_stable=False))
    return list(found.values())


def named_port(path: Path) -> FoundPort:
    """A port that the installer names himself, such as one of the simulator."""
    target = path.resolve()
    is_stable = target.name == path.name or not target.name.startswith("ttyUSB")
    return _port(path.absolute(), target, T("指定的串口", "named on the command line"), is_stable)


def _links(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.resolve().exists())
    except OSError:
        return []


def _port(path: Path, target: Path, what: T, is_stable: bool) -> FoundPort:
    return FoundPort(str(path), str(target), what, is_stable, _trouble(path))


def _usb_words(name: str) -> T:
    """`usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0` → FTDI FT232R USB UART A50285BI."""
    words = name.removeprefix("usb-").split("-if")[0].replace("_", " ")
    return T(f"USB 串口：{words}", f"USB adapter: {words}")


def _trouble(path: Path) -> T | None:
    if not path.exists():
        return T(
            f"{path} 不存在：请检查转换器是否插好。",
            f"{path} is not there: is the adapter plugged in?",
        )
    if not os.access(path, os.R_OK | os.W_OK):
        return T(
            f"没有使用 {path} 的权限：请用 sudo 运行，或把用户加入 dialout 组。",
            f"No right to use {path}: run with sudo, or add your user to the group dialout.",
        )
    return None

"""An agent.toml as commissioning found it: complete, commented, written without losing the old."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from agent.commission.plan import LineSetting
from agent.settings import load_settings
from agent.version import VERSION
from agent.words import Language, T
from protocols.modbus.profile import Category, Profile

NO_HUB = "mqtt://127.0.0.1"  # until enrolment names one: readings wait in the outbox
_PREFIX = {
    Category.REFRIGERATION: "cold",
    Category.HVAC: "hvac",
    Category.ENERGY_METER: "meter",
    Category.CLIMATE_SENSOR: "climate",
    Category.COUNTER: "door",
    Category.UPS: "ups",
}
_WORDS = {
    Category.REFRIGERATION: T("冷柜", "Cold cabinet"),
    Category.HVAC: T("空调", "HVAC"),
    Category.ENERGY_METER: T("电表", "Energy meter"),
    Category.CLIMATE_SENSOR: T("温湿度", "Climate sensor"),
    Category.COUNTER: T("客流计数器", "Door counter"),
    Category.UPS: T("UPS", "UPS"),
}
_CRITICAL = ("air_temperature_c", "alarm_active")
_COLD_S, _OTHER_S = 5, 10

Value = str | int | float | bool | tuple[str, ...] | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DraftBus:
    """`keys` as in agent.toml; `where` is the sentence above it."""

    id: str
    keys: Mapping[str, Value]
    where: str = ""


@dataclass(frozen=True, slots=True)
class DraftDevice:
    id: str
    name: str
    keys: Mapping[str, Value]
    what: str = ""


@dataclass(slots=True)
class Draft:
    """What will be in the file; ids are given here, so that none comes twice."""

    agent_id: str
    name: str
    zone: str = "Asia/Shanghai"
    url: str = NO_HUB
    group: str = "chain-0"
    data_dir: Path = Path("/var/lib/storevitals")
    pin: str = ""
    buses: list[DraftBus] = field(default_factory=list)
    devices: list[DraftDevice] = field(default_factory=list)

    def serial_bus(self, port: str, setting: LineSetting) -> str:
        keys: dict[str, Value] = {
            "kind": "modbus_rtu",
            "port": port,
            "baud": setting.baud,
            "parity": setting.parity,
            "stop_bits": setting.stop_bits,
        }
        return self._bus("rs485", keys, f"{port}, {setting}")

    def network_bus(self, host: str, port: int) -> str:
        return self._bus("tcp", {"kind": "modbus_tcp", "host": host, "port": port}, host)

    def mqtt_bus(self, url: str) -> str:
        return self._bus("mqtt", {"kind": "mqtt", "url": url}, url)

    def _bus(self, prefix: str, keys: Mapping[str, Value], where: str) -> str:
        for bus in self.buses:
            if bus.keys == keys:
                return bus.id
        name = _free(prefix, {bus.id for bus in self.buses})
        self.buses.append(DraftBus(name, keys, where))
        return name

    def modbus_device(self, bus: str, unit: int, profile: tuple[str, Profile], name: str) -> str:
        title, known = profile
        keys: dict[str, Value] = {
            "driver": "modbus",
            "bus": bus,
            "unit": unit,
            "profile": title,
            "interval_s": _COLD_S if known.category is Category.REFRIGERATION else _OTHER_S,
        }
        critical = tuple(metric for metric in _CRITICAL if metric in known.metrics)
        if critical:
            keys["critical"] = critical
        what = f"{known.vendor} {known.model}, {known.confidence}"
        return self._device(_PREFIX.get(known.category, "device"), name, keys, what)

    def usual_name(self, category: Category) -> T:
        """What a shop would call the next device of its kind, until somebody says better."""
        prefix, words = _PREFIX.get(category, "device"), _WORDS.get(category, T("设备", "Device"))
        number = sum(device.id.startswith(f"{prefix}-") for device in self.devices) + 1
        return T(f"{words.zh} {number}", f"{words.en} {number}")

    def till(self, port: str, form: str, name: str) -> str:
        return self._device("till", name, {"driver": "serial_till", "port": port, "format": form})

    def mqtt_device(self, bus: str, topic: str, values: Mapping[str, str], name: str) -> str:
        keys: dict[str, Value] = {
            "driver": "mqtt_json",
            "bus": bus,
            "topic": topic,
            "values": values,
        }
        is_door = any(metric in ("in_count", "out_count") for metric in values)
        return self._device("door" if is_door else "sensor", name, keys)

    def _device(self, prefix: str, name: str, keys: Mapping[str, Value], what: str = "") -> str:
        own = _free(prefix, {device.id for device in self.devices})
        self.devices.append(DraftDevice(own, name or own, keys, what))
        return own


def slug(text: str, default: str) -> str:
    """A name as an id: letters, digits and hyphens of ASCII."""
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40]
    return words or default


def _free(prefix: str, taken: set[str]) -> str:
    return next(name for n in range(1, 1000) if (name := f"{prefix}-{n}") not in taken)


def agent_toml(draft: Draft, language: Language) -> str:
    """The whole file as text."""

    def note(text: T) -> str:
        return f"# {text.in_(language)}"

    lines = [note(_HEAD), ""]
    agent: dict[str, Value] = {"id": draft.agent_id, "name": draft.name}
    agent |= {"data_dir": str(draft.data_dir), "zone": draft.zone}
    lines += ["[agent]", note(_ID), *_keys(agent), ""]
    lines += ["[uplink]", note(_NOT_YET if draft.url == NO_HUB else _HUB)]
    lines += [*_keys({"url": draft.url, "group": draft.group}), ""]
    if draft.pin:
        lines += ["[status]", note(_STATUS), *_keys({"host": "0.0.0.0", "pin": draft.pin}), ""]  # noqa: S104 asked for, with a PIN
    for bus in draft.buses:
        lines += [f"# {bus.where}", "[[bus]]", *_keys({"id": bus.id, **bus.keys}), ""]
    for device in draft.devices:
        lines += [f"# {device.what}"] if device.what else []
        lines += ["[[device]]", *_keys({"id": device.id, "name": device.name, **device.keys}), ""]
    if not draft.devices:
        lines += [note(_EMPTY), ""]
    return "\n".join(lines)


def _keys(values: Mapping[str, Value]) -> Iterator[str]:
    for key, value in values.items():
        yield f"{key} = {_toml(value)}"


def _toml(value: Value) -> str:
    """A JSON string, number or list of strings is also TOML."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key} = {_toml(own)}" for key, own in value.items())
        return f"{{ {inner} }}"
    return json.dumps(value, ensure_ascii=False)


def write(path: Path, text: str, now: datetime) -> Path | None:
    """Check it, then put it in place in one step; where the old one was kept. Raises SettingsError
    for a text that the agent would refuse, and OSError; the old file is untouched then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    try:
        with fresh.open("w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o640)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        load_settings(fresh)
        kept = _keep(path, now)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return kept


def _keep(path: Path, now: datetime) -> Path | None:
    if not path.exists():
        return None
    stamp = now.strftime("%Y%m%d-%H%M%S")
    names = (f"{path.name}.{stamp}{extra}" for extra in ("", *(f"-{n}" for n in range(2, 100))))
    kept = next(own for name in names if not (own := path.with_name(name)).exists())
    os.link(path, kept)
    return kept


_HEAD = T(
    f"由 storevitals-agent {VERSION} 的安装向导生成。可以手工修改，"
    "改完请运行 storevitals-agent check。",
    f"Written by the set-up of storevitals-agent {VERSION}. Edit it freely, then run "
    "storevitals-agent check.",
)
_ID = T("id 一旦使用就不能更改：历史数据以它为名", "id never changes: it names the history")
_HUB = T("连接中心的地址", "the hub")
_NOT_YET = T(
    "还没有中心：读数先保存在本机。在中心生成安装码后运行 storevitals-agent enrol",
    "no hub yet: readings are kept here. Take a code from the hub and run storevitals-agent enrol",
)
_STATUS = T("店内手机可用 PIN 查看状态页", "the status page in the store's network, by PIN")
_EMPTY = T(
    "没有设备：重新运行 storevitals-agent setup", "no device yet: run storevitals-agent setup"
)

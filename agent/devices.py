"""Builds drivers and their buses from the settings; does no I/O."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from agent import bus_load
from agent.drivers.base import Now, PolledDriver, PushDriver, utc_now
from agent.drivers.counting import COUNTS, CountingDriver, TotalStore
from agent.drivers.modbus import ModbusDriver
from agent.drivers.mqtt_json import MqttJsonDriver, Topics
from agent.drivers.mqtt_station import MqttStation
from agent.drivers.read_plan import PlanStore
from agent.drivers.serial_till import SerialTillDriver
from agent.reporting import Reporting
from agent.settings import (
    AgentSettings,
    Device,
    ModbusDevice,
    MqttBus,
    MqttDevice,
    RtuBus,
    SettingsError,
    TcpBus,
    TillDevice,
    secret,
)
from protocols.modbus.client import ModbusBus, SerialLine, TcpAddress
from protocols.modbus.profile import (
    Profile,
    Register,
    load_profile,
    load_profile_file,
    profile_names,
)
from protocols.mqtt.options import MqttOptions, MqttOptionsError
from protocols.pos.feed import TillContext
from protocols.pos.layout import layout_names, load_layout
from protocols.serial.client import SerialOptions

ONLINE = "online"


@dataclass(frozen=True, slots=True)
class Polled:
    """A device that is asked every `interval_s`."""

    driver: PolledDriver
    bus: str
    interval_s: float
    critical: frozenset[str]
    reporting: Callable[[], Reporting] = Reporting


@dataclass(frozen=True, slots=True)
class Pushed:
    """A device that speaks by itself."""

    driver: PushDriver
    critical: frozenset[str]
    reporting: Callable[[], Reporting] = Reporting


@dataclass(frozen=True, slots=True)
class Devices:
    """All that the poller works with. `services` are connections that run beside it."""

    polled: tuple[Polled, ...] = ()
    pushed: tuple[Pushed, ...] = ()
    buses: Mapping[str, ModbusBus] = field(default_factory=dict)
    services: tuple[Callable[[], Awaitable[None]], ...] = ()
    totals: TotalStore | None = None  # of door counters, where there are any

    def series(self) -> list[tuple[str, str]]:
        """Every (device, metric) that may ever be sent, for the birth."""
        drivers: Sequence[PolledDriver | PushDriver] = [
            *(device.driver for device in self.polled),
            *(device.driver for device in self.pushed),
        ]
        of_buses = [(bus_load.device_of(bus), m) for bus in self.buses for m in bus_load.METRICS]
        return [(d.device, m) for d in drivers for m in (*d.metrics, ONLINE)] + of_buses


@dataclass(slots=True)
class Workshop:
    """What the builders of single devices need, and what they have built."""

    settings: AgentSettings
    now: Now
    folder: Path
    buses: dict[str, ModbusBus] = field(default_factory=dict)
    stations: dict[str, MqttStation] = field(default_factory=dict)
    plans: PlanStore | None = None
    totals: TotalStore | None = None
    polled: list[Polled] = field(default_factory=list)
    pushed: list[Pushed] = field(default_factory=list)


def build_devices(settings: AgentSettings, *, now: Now = utc_now, folder: Path = Path()) -> Devices:
    """`folder` is where relative profile files are looked for; raise SettingsError."""
    plans = PlanStore(settings.agent.data_dir / "plans.json")
    shop = Workshop(settings, now, folder, plans=plans)
    for bus in settings.bus:
        if isinstance(bus, MqttBus):
            shop.stations[bus.id] = MqttStation(_mqtt_options(settings, bus))
        else:
            shop.buses[bus.id] = _modbus_bus(bus, shop.buses.values())
    for device in settings.device:
        DRIVERS[device.driver](device, shop)
    services = tuple(station.run for station in shop.stations.values())
    return Devices(tuple(shop.polled), tuple(shop.pushed), shop.buses, services, shop.totals)


def _modbus_bus(bus: RtuBus | TcpBus, others: Iterable[ModbusBus]) -> ModbusBus:
    """One owner for each line and each gateway, also where two tables name it."""
    line: SerialLine | TcpAddress
    if isinstance(bus, RtuBus):
        line = SerialLine(bus.port, bus.baud, bus.parity, bus.stop_bits)
    else:
        line = TcpAddress(bus.host, bus.port, bus.framing)
    shared = next((other for other in others if other.line == line), None)
    return shared or ModbusBus(line, bus.timeout_s)


def _mqtt_options(settings: AgentSettings, bus: MqttBus) -> MqttOptions:
    try:
        return MqttOptions(
            bus.url,
            client_id=f"{settings.agent.id}-{bus.id}",
            username=bus.username or None,
            password=secret(bus.password, bus.password_file),
            ca_file=bus.ca_file,
        )
    except MqttOptionsError as error:
        raise SettingsError(f"[[bus]] {bus.id!r}: {error}") from error


def _modbus(device: Device, shop: Workshop) -> None:
    assert isinstance(device, ModbusDevice)  # noqa: S101 the settings' union says so
    profile = _profile(device, shop.folder)
    driver: PolledDriver = ModbusDriver(
        device.id,
        shop.buses[device.bus],
        device.unit,
        profile,
        now=shop.now,
        plans=shop.plans,
    )
    if moduli := {r.metric: _modulus(r) for r in profile.registers if r.metric in COUNTS}:
        shop.totals = shop.totals or TotalStore(shop.settings.agent.data_dir / "counters.json")
        driver = CountingDriver(driver, moduli, shop.totals)
    critical = frozenset(device.critical)
    shop.polled.append(Polled(driver, device.bus, device.interval_s, critical, _reporting(device)))


def _reporting(device: Device) -> Callable[[], Reporting]:
    return partial(Reporting, device.report, device.heartbeat_s)


def _modulus(register: Register) -> int:
    """Where a running total of this register begins at 0 again."""
    return int(2 ** (16 * register.type.words) * register.scale)


def _profile(device: ModbusDevice, folder: Path) -> Profile:
    try:
        if device.profile.endswith(".toml"):
            return load_profile_file(folder / device.profile)
        return load_profile(device.profile)
    except OSError as error:
        known = ", ".join(profile_names())
        raise SettingsError(
            f"device {device.id!r}: there is no profile {device.profile!r}. Known: {known}."
        ) from error
    except (ValidationError, ValueError) as error:
        raise SettingsError(
            f"device {device.id!r}: the profile {device.profile!r} is wrong: {error}"
        ) from error


def _serial_till(device: Device, shop: Workshop) -> None:
    assert isinstance(device, TillDevice)  # noqa: S101 the settings' union says so
    agent = shop.settings.agent
    context = TillContext(device.id, ZoneInfo(agent.zone), agent.day_start_minutes, device.currency)
    if device.format == "escpos" and device.layout not in layout_names():
        known = ", ".join(layout_names())
        raise SettingsError(
            f"device {device.id!r}: there is no layout {device.layout!r}. Known: {known}."
        )
    layout = load_layout(device.layout) if device.format == "escpos" else None
    options = SerialOptions(device.port, device.baud, device.parity, device.stop_bits)
    driver = SerialTillDriver(context, options, layout, now=shop.now)
    shop.pushed.append(Pushed(driver, frozenset(device.critical) | {"ticket"}, _reporting(device)))


def _mqtt_json(device: Device, shop: Workshop) -> None:
    assert isinstance(device, MqttDevice)  # noqa: S101 the settings' union says so
    topics = Topics(
        device.topic,
        device.values,
        device.event_id,
        device.status_topic,
        device.offline,
        device.silent_s,
    )
    try:
        driver = MqttJsonDriver(device.id, shop.stations[device.bus], topics, now=shop.now)
    except ValueError as error:
        raise SettingsError(f"device {device.id!r}: {error}.") from error
    shop.pushed.append(Pushed(driver, frozenset(device.critical), _reporting(device)))


DRIVERS: dict[str, Callable[[Device, Workshop], None]] = {
    "modbus": _modbus,
    "serial_till": _serial_till,
    "mqtt_json": _mqtt_json,
}

"""Builds drivers and their buses from the settings; does no I/O."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from agent import bus_load
from agent.door import DoorRules, staff_hours
from agent.drivers.base import Now, PolledDriver, PushDriver, utc_now
from agent.drivers.code_reader import CodeReaderDriver
from agent.drivers.counting import COUNTS, CountingDriver, TotalStore
from agent.drivers.demand import ENERGY, DemandDriver
from agent.drivers.http_station import HttpStation
from agent.drivers.modbus import ModbusDriver
from agent.drivers.mqtt_json import MqttJsonDriver, Topics
from agent.drivers.mqtt_station import MqttStation
from agent.drivers.payload import PayloadDriver, PayloadRules
from agent.drivers.pulse_counter import PulseDriver
from agent.drivers.read_plan import PlanStore
from agent.drivers.serial_scale import SerialScaleDriver
from agent.drivers.serial_till import SerialTillDriver
from agent.drivers.till_files import Journal, TillFilesDriver
from agent.outlet import OutletRules
from agent.settings import AgentSettings, SettingsError, secret
from agent.settings_devices import (
    CodeReaderDevice,
    Device,
    HttpBus,
    ModbusDevice,
    MqttBus,
    MqttDevice,
    PayloadDevice,
    PulseDevice,
    RtuBus,
    ScaleDevice,
    TcpBus,
    TillDevice,
    TillFilesDevice,
)
from protocols.gpio.client import GpioLine, PulseCounter
from protocols.modbus.client import ModbusBus, SerialLine, TcpAddress
from protocols.modbus.profile import (
    Profile,
    Register,
    load_profile,
    load_profile_file,
    profile_names,
)
from protocols.mqtt.options import MqttOptions, MqttOptionsError
from protocols.payloads.decoders import DECODERS
from protocols.pos.feed import TillContext
from protocols.pos.layout import layout_names, load_layout
from protocols.scales.codec import SCALES
from protocols.serial.client import SerialOptions

ONLINE = "online"
PLAIN = OutletRules()
_NEVER = 2**53  # where our own totals begin at 0 again


@dataclass(frozen=True, slots=True)
class Polled:
    """A device that is asked every `interval_s`."""

    driver: PolledDriver
    bus: str
    interval_s: float
    rules: OutletRules = PLAIN


@dataclass(frozen=True, slots=True)
class Pushed:
    """A device that speaks by itself."""

    driver: PushDriver
    rules: OutletRules = PLAIN


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
        devices: Sequence[Polled | Pushed] = [*self.polled, *self.pushed]
        of_buses = [(bus_load.device_of(bus), m) for bus in self.buses for m in bus_load.METRICS]
        return [(d.driver.device, m) for d in devices for m in _metrics(d)] + of_buses


def _metrics(device: Polled | Pushed) -> tuple[str, ...]:
    door = device.rules.door
    return (*device.driver.metrics, *(door.metrics if door else ()), ONLINE)


@dataclass(slots=True)
class Workshop:
    """What the builders of single devices need, and what they have built."""

    settings: AgentSettings
    now: Now
    folder: Path
    buses: dict[str, ModbusBus] = field(default_factory=dict)
    stations: dict[str, MqttStation] = field(default_factory=dict)
    listeners: dict[str, HttpStation] = field(default_factory=dict)
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
        elif isinstance(bus, HttpBus):
            shop.listeners[bus.id] = HttpStation(bus.host, bus.port)
        else:
            shop.buses[bus.id] = _modbus_bus(bus, shop.buses.values())
    for device in settings.device:
        DRIVERS[device.driver](device, shop)
    services = (
        *(station.run for station in shop.stations.values()),
        *(listener.run for listener in shop.listeners.values()),
    )
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
    moduli = {r.metric: _modulus(r) for r in profile.registers if r.metric in COUNTS}
    driver = _with_derived(driver, moduli, device.interval_s, shop)
    shop.polled.append(Polled(driver, device.bus, device.interval_s, _rules(device, shop)))


def _with_derived(
    driver: PolledDriver, moduli: Mapping[str, int], interval_s: float, shop: Workshop
) -> PolledDriver:
    """Totals of a door also as people, those of a meter also as mean power."""
    if moduli:
        driver = CountingDriver(driver, moduli, _totals(shop))
    return DemandDriver(driver, interval_s) if ENERGY in driver.metrics else driver


def _rules(device: Device, shop: Workshop, *critical: str) -> OutletRules:
    zone = ZoneInfo(shop.settings.agent.zone)
    door = DoorRules(zone, device.count_factor, staff_hours(device.staff_hours))
    is_plain = door == DoorRules(zone)
    return OutletRules(
        frozenset((*device.critical, *critical)),
        device.report,
        device.heartbeat_s,
        None if is_plain else door,
    )


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
    shop.pushed.append(Pushed(driver, _rules(device, shop, "ticket")))


def _till_files(device: Device, shop: Workshop) -> None:
    assert isinstance(device, TillFilesDevice)  # noqa: S101 the settings' union says so
    agent = shop.settings.agent
    context = TillContext(device.id, ZoneInfo(agent.zone), agent.day_start_minutes, device.currency)
    folder = shop.folder / device.folder
    journal = Journal(folder, device.format, dict(device.columns), device.encoding)
    driver = TillFilesDriver(context, journal, now=shop.now)
    shop.pushed.append(Pushed(driver, _rules(device, shop, "ticket")))


def _serial_scale(device: Device, shop: Workshop) -> None:
    assert isinstance(device, ScaleDevice)  # noqa: S101 the settings' union says so
    options = SerialOptions(device.port, device.baud, device.parity)
    protocol = SCALES[device.protocol]
    driver = SerialScaleDriver(device.id, options, protocol, device.interval_s, now=shop.now)
    shop.pushed.append(Pushed(driver, _rules(device, shop)))


def _code_reader(device: Device, shop: Workshop) -> None:
    assert isinstance(device, CodeReaderDevice)  # noqa: S101 the settings' union says so
    options = SerialOptions(device.port, device.baud, device.parity, device.stop_bits)
    driver = CodeReaderDriver(device.id, options, device.again_s, device.gather_s, now=shop.now)
    shop.pushed.append(Pushed(driver, _rules(device, shop, "codes")))


def _pulse_counter(device: Device, shop: Workshop) -> None:
    """Each line is a bus of its own: it is never waited for."""
    assert isinstance(device, PulseDevice)  # noqa: S101 the settings' union says so
    line = GpioLine(device.chip, device.line, device.pull, device.debounce_ms)
    counter, metric = PulseCounter(line), device.metric
    if metric in COUNTS and device.per_pulse != 1:
        raise SettingsError(f"device {device.id!r}: per_pulse of a door is 1; see count_factor.")
    per_pulse, totals = device.per_pulse, _totals(shop)
    driver: PolledDriver = PulseDriver(
        device.id, counter, metric, per_pulse, totals=totals, now=shop.now
    )
    moduli = {metric: _NEVER} if metric in COUNTS else {}
    driver = _with_derived(driver, moduli, device.interval_s, shop)
    shop.polled.append(Polled(driver, str(line), device.interval_s, _rules(device, shop)))


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
    shop.pushed.append(Pushed(driver, _rules(device, shop)))


def _payload(device: Device, shop: Workshop) -> None:
    assert isinstance(device, PayloadDevice)  # noqa: S101 the settings' union says so
    is_http = device.bus in shop.listeners
    station = shop.listeners[device.bus] if is_http else shop.stations[device.bus]
    zone = ZoneInfo(shop.settings.agent.zone)
    driver = PayloadDriver(
        device.id,
        station.inbox(device.address),
        DECODERS[device.format],
        PayloadRules(zone, device.counting, device.part, device.silent_s),
        now=shop.now,
        totals=_totals(shop),
    )
    shop.pushed.append(Pushed(driver, _rules(device, shop)))


def _totals(shop: Workshop) -> TotalStore:
    shop.totals = shop.totals or TotalStore(shop.settings.agent.data_dir / "counters.json")
    return shop.totals


DRIVERS: dict[str, Callable[[Device, Workshop], None]] = {
    "modbus": _modbus,
    "serial_till": _serial_till,
    "till_files": _till_files,
    "serial_scale": _serial_scale,
    "code_reader": _code_reader,
    "pulse_counter": _pulse_counter,
    "mqtt_json": _mqtt_json,
    "payload": _payload,
}

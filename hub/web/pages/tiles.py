"""Live values as tiles: one a device, its telling metric large, a few others beside it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from uuid import UUID

from hub.ingest.node import Series
from hub.timeseries.last import LastValues
from hub.timeseries.port import COUNTED, PointQuality
from hub.web.formats import DIGITS, NO_VALUE, STATES, Formats
from hub.web.language import say
from protocols.metrics import METRICS, Kind

LATE = timedelta(seconds=90)
SILENT = timedelta(minutes=10)
TELLING = (
    "air_temperature_c",
    "product_temperature_c",
    "room_temperature_c",
    "return_temperature_c",
    "power_w",
    "in_total",
    "in_count",
    "online",
)
BESIDE = (
    "setpoint_c",
    "compressor_running",
    "door_open",
    "defrost_active",
    "evaporator_temperature_c",
    "supply_temperature_c",
    "return_temperature_c",
    "fan_speed_percent",
    "humidity_percent",
    "energy_kwh",
    "power_factor",
    "power_w",
    "out_total",
    "out_count",
    "paper_out",
    "drawer_open",
    "battery_percent",
    "alarm_active",
)
MAX_BESIDE = 4
OF_THE_AGENT = ("agent", "bus-")  # it tells of itself and its lines; see the head of the page
COUNTS_OF_A_DOOR = ("in_total", "in_count", "out_total", "out_count")
ICONS = (
    ("in_total", "footfall"),
    ("in_count", "footfall"),
    ("paper_out", "till"),
    ("ticket", "till"),
    ("energy_kwh", "meter"),
    ("supply_temperature_c", "hvac"),
    ("compressor_running", "cabinet"),
    ("cpu_percent", "agent"),
)
COUNTING = ("footfall", "till")
FREEZER_BELOW_C = -5.0
WORST_FIRST = ("critical", "high", "medium", "low", "")


@dataclass(frozen=True, slots=True)
class Live:
    """One value as a page shows it; `words` are those of a state, off|on.

    One without a `key` is a figure of the hub's own: no reading follows it.
    """

    key: str
    label: str
    text: str
    unit: str = ""
    digits: int = 0
    words: str = ""
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class Tile:
    device: str
    name: str
    icon: str
    href: str
    severity: str
    at: datetime | None
    is_silent: bool
    speaks_when_asked: bool  # it is polled; others speak when something happens
    main: Live | None
    rest: tuple[Live, ...]
    counts: bool  # a door or a till: it is told by what it counted today

    late_s = int(LATE.total_seconds())
    silent_s = int(SILENT.total_seconds())


@dataclass(frozen=True, slots=True)
class Named:
    """What the archive and the open alerts add to a device."""

    name: str
    href: str
    severity: str = ""
    icon: str = ""
    today: tuple[Live, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    series: Series
    value: float | None
    quality: PointQuality
    at: datetime | None


def latest(series: Sequence[Series], last: LastValues) -> list[Reading]:
    """The newest reading of each series."""
    points = last.of([one.id for one in series])
    return [
        Reading(
            one,
            float(value) if quality in COUNTED else None,
            PointQuality(quality),
            datetime.fromtimestamp(t_ms / 1000, UTC) if t_ms else None,
        )
        for one, value, quality, t_ms in zip(
            series,
            points.value.tolist(),
            points.quality.tolist(),
            points.t_ms.tolist(),
            strict=True,
        )
    ]


def tiles(
    readings: Iterable[Reading], named: Mapping[str, Named], fmt: Formats, now: datetime
) -> list[Tile]:
    """Those in trouble first, the worst of them at the head; then by device id."""
    by_device = sorted(readings, key=lambda one: one.series.device)
    agents = heard_at(by_device)
    found = [
        _tile(_Device(device, {one.series.metric: one for one in group}, agents), named, fmt, now)
        for device, group in groupby(by_device, key=lambda one: one.series.device)
        if device and not device.startswith(OF_THE_AGENT)
    ]
    return sorted(found, key=lambda tile: WORST_FIRST.index(tile.severity))


def heard_at(readings: Iterable[Reading]) -> dict[UUID, datetime]:
    """When each agent last said anything."""
    found: dict[UUID, datetime] = {}
    for one in readings:
        if one.at:
            agent = one.series.agent_id
            found[agent] = max(found.get(agent, one.at), one.at)
    return found


@dataclass(frozen=True, slots=True)
class _Device:
    """One device, its readings by metric, and when the agents were heard."""

    id: str
    readings: Mapping[str, Reading]
    agents: Mapping[UUID, datetime]

    @property
    def is_polled(self) -> bool:
        """Whether it is asked for its state; a till speaks when somebody buys."""
        kinds = (METRICS[name].kind for name in self.readings if name in METRICS)
        return any(kind in (Kind.GAUGE, Kind.COUNTER) for kind in kinds)

    @property
    def at(self) -> datetime | None:
        """How fresh what it shows is: of one that has nothing to say, as fresh as its agent."""
        own = max((one.at for one in self.readings.values() if one.at), default=None)
        online = self.readings.get("online")
        if own is None or self.is_polled or online is None or online.value != 1:
            return own
        return self.agents.get(online.series.agent_id, own)


def _tile(device: _Device, named: Mapping[str, Named], fmt: Formats, now: datetime) -> Tile:
    readings, at = device.readings, device.at
    known = named.get(device.id, Named(device.id, f"/archive/equipment/new?device_id={device.id}"))
    icon = known.icon or icon_of(readings)
    telling = next((metric for metric in TELLING if metric in readings), None)
    told = (telling, *COUNTS_OF_A_DOOR) if known.today else (telling,)
    beside = [metric for metric in BESIDE if metric in readings and metric not in told]
    main = _live(readings[telling], fmt) if telling else None
    rest = tuple(_live(readings[metric], fmt) for metric in beside)
    if known.today:
        main, rest = known.today[0], (*known.today[1:], *rest)
    return Tile(
        device=device.id,
        name=known.name,
        icon=icon,
        href=known.href,
        severity=known.severity,
        at=at,
        is_silent=at is None or now - at > SILENT,
        speaks_when_asked=device.is_polled,
        main=main,
        rest=rest[:MAX_BESIDE],
        counts=icon in COUNTING,
    )


def icon_of(readings: Mapping[str, Reading]) -> str:
    setpoint = readings.get("setpoint_c")
    if setpoint and setpoint.value is not None and setpoint.value < FREEZER_BELOW_C:
        return "freezer"
    return next((icon for metric, icon in ICONS if metric in readings), "agent")


def _live(reading: Reading, fmt: Formats) -> Live:
    metric = reading.series.metric
    known = METRICS.get(metric)
    is_state = known is not None and known.kind is Kind.STATE and metric in STATES
    unit = fmt.unit(metric)
    return Live(
        key=f"{reading.series.device}/{metric}",
        label=fmt.label(metric),
        text=fmt.metric(metric, reading.value) if reading.value is not None else NO_VALUE,
        unit=unit,
        digits=2 if metric == "power_factor" else DIGITS.get(unit, 0),
        words="|".join(say(fmt.language, word) for word in STATES[metric][1:]) if is_state else "",
        is_stale=reading.value is None,
    )

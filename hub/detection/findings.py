"""What detectors say: a finding is one change of one condition of one source."""

from dataclasses import asdict, dataclass
from enum import IntEnum, StrEnum
from uuid import UUID


class Severity(IntEnum):
    """Ordered, so that the worst of several is their maximum."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        return self.name.lower()


class Rule(StrEnum):
    """What can be wrong. A source has at most one open alert per rule."""

    TEMPERATURE_HIGH = "temperature-high"
    TEMPERATURE_LOW = "temperature-low"
    VALUE_HIGH = "value-high"
    VALUE_LOW = "value-low"
    SENSOR_STUCK = "sensor-stuck"
    DOOR_OPEN = "door-open"
    DEFROST_LONG = "defrost-long"
    SHORT_CYCLING = "short-cycling"
    NEVER_RESTS = "compressor-never-rests"
    DEFROST_OVERDUE = "defrost-overdue"
    FAN_STOPPED = "fan-stopped"
    EVAPORATOR_ICED = "evaporator-iced"
    DEFROST_FAILED = "defrost-failed"
    PROBE_FAULT = "probe-fault"
    PROBE_DRIFT = "probe-drift"
    REFRIGERANT_LOW = "refrigerant-low"
    KINETIC_HIGH = "mean-kinetic-temperature-high"
    LIMIT_AHEAD = "limit-ahead"
    FLEET_OUTLIER = "unlike-the-fleet"
    HEAT_AND_COOL = "heats-and-cools"
    FILTER_CLOGGED = "filter-clogged"
    SCHEDULE_OVERRIDE = "runs-outside-its-hours"
    NIGHT_LOAD = "night-load"
    PHASE_LOSS = "phase-loss"
    MACHINE_UNUSUAL = "machine-unusual"
    DEVICE_ALARM = "device-alarm"
    PAPER_OUT = "paper-out"
    DEVICE_OFFLINE = "device-offline"
    POWER_CUT = "power-cut"
    AGENT_OFFLINE = "agent-offline"
    COUNTER_DEAD = "counter-dead"
    TILL_SILENT = "till-silent"
    TRAFFIC_DROP = "traffic-drop"
    TRAFFIC_SPIKE = "traffic-spike"
    SALES_DROP = "sales-drop"
    SALES_SPIKE = "sales-spike"
    STORE_QUIET = "store-quiet"
    STORM = "storm"
    EXPIRING = "expiring"  # of the archive: what ends soon and is not decided
    STOCK_LOW = "stock-low"  # of the archive: less of an item than the store should have
    OWN = "own-rule"


class Change(StrEnum):
    """What happened to a condition."""

    RAISED = "raised"
    STEPPED = "stepped"  # its severity changed while it holds
    CLEARED = "cleared"
    PAST = "past"  # it came and went before the hub heard of it: recorded, never notified


@dataclass(frozen=True, slots=True)
class Evidence:
    """The numbers that a person needs to judge a finding; what does not apply is None."""

    trigger: str = ""
    device: str | None = None
    metric: str | None = None
    series: int | None = None
    value: float | None = None
    limit: float | None = None
    usual: float | None = None
    observed: float | None = None
    expected: float | None = None
    hours: float | None = None
    traffic_ratio: float | None = None
    name: str | None = None  # of a rule that the chain wrote itself
    condition_zh: str | None = None
    condition_en: str | None = None
    window_start_ms: int | None = None
    window_end_ms: int | None = None
    devices: tuple[str, ...] = ()

    def to_json(self) -> dict[str, str | float | int | list[str]]:
        """Only what applies, ready for a JSON column."""
        found = {key: value for key, value in asdict(self).items() if value not in (None, "", ())}
        if self.devices:
            found["devices"] = list(self.devices)
        return found


@dataclass(frozen=True, slots=True)
class Finding:
    """`store_id`, `source`, `rule` and `since_ms` are the identity of one occurrence.

    `source` is `device/metric`, a device id, `agent` or `store`. `since_ms` is when the condition
    began and `at_ms` the reading that decided, both in reading time, so that a replay of the
    journal says the same.
    """

    change: Change
    store_id: UUID
    source: str
    rule: Rule
    severity: Severity
    since_ms: int
    at_ms: int
    evidence: Evidence

    @property
    def key(self) -> tuple[UUID, str, Rule]:
        return self.store_id, self.source, self.rule

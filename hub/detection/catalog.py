"""What the detectors know of each series: its device, agent, store and limits, as arrays.

Devices, agents and stores are numbered by their first series; series only ever get added, so the
numbers last and detector state may be indexed by them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from hub.detection.defaults import (
    PARAMS,
    RULE_ROWS,
    Limits,
    Override,
    limits_for,
    overridden,
    params_of,
    rules_of,
)
from hub.detection.findings import Rule
from hub.detection.minutes import COLUMN_OF


class Role(IntEnum):
    """What else a series means to the detectors, beside its limits."""

    NONE = 0
    DEFROST = 1
    DOOR = 2
    ONLINE = 3
    IN_COUNT = 4
    OUT_COUNT = 5


_ROLES = {
    "defrost_active": Role.DEFROST,
    "door_open": Role.DOOR,
    "online": Role.ONLINE,
    "in_count": Role.IN_COUNT,
    "out_count": Role.OUT_COUNT,
}

_BESIDE_LIMITS = [RULE_ROWS.index(name) for name in ("shift", "stuck_s", "state")]


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A series of the registry with what the archive says of its equipment."""

    series: int
    store_id: UUID
    agent_id: UUID
    device: str
    metric: str
    equipment_kind: str | None = None
    setpoint_c: float | None = None
    model: str | None = None  # machines of one model are compared with each other
    override: Override | None = None  # what the chain says beside the built-in limits


@dataclass(frozen=True, slots=True)
class Device:
    """A device of one agent; `agent` and `store` are numbers of the catalog."""

    id: str
    agent: int
    store: int


Kind = tuple[str, str | None, float | None, Override | None]  # metric, equipment, setpoint


@lru_cache(maxsize=10_000)
def _watched(kind: Kind) -> Limits | None:
    """A chain has few kinds of machines, and many of each."""
    metric, equipment_kind, setpoint_c, override = kind
    limits = limits_for(metric, equipment_kind, setpoint_c)
    return limits if override is None else overridden(limits, setpoint_c, override)


class Catalog:
    """Immutable; arrays are indexed by series and hold -1 or zeros where a series is unknown."""

    def __init__(self, rows: Iterable[SeriesRow]) -> None:
        ordered = sorted(rows, key=lambda row: row.series)
        self.size = ordered[-1].series + 1 if ordered else 0
        self.rows: dict[int, SeriesRow] = {row.series: row for row in ordered}
        self.limits: dict[int, Limits] = {}
        self.stores: list[UUID] = []
        self.agents: list[UUID] = []
        self.agent_number: dict[UUID, int] = {}
        self.agent_store: list[int] = []
        self.devices: list[Device] = []
        self.devices_of: list[list[int]] = []  # by agent
        self.device_of: NDArray[np.int32] = np.full(self.size, -1, np.int32)
        self.agent_of: NDArray[np.int32] = np.full(self.size, -1, np.int32)
        self.column: NDArray[np.int8] = np.full(self.size, -1, np.int8)  # of its machine's vector
        self.channel: dict[tuple[int, int], int] = {}  # series by device and column
        self.role: NDArray[np.uint8] = np.zeros(self.size, np.uint8)
        self.kind: NDArray[np.int32] = np.zeros(self.size, np.int32)  # 0: not watched
        self.params: NDArray[np.void] = np.zeros(1, PARAMS)  # by kind
        self.rules: NDArray[np.float64] = np.full((len(RULE_ROWS), 1), np.nan)  # columns by kind
        self.is_cold: NDArray[np.bool_] = np.zeros(1, np.bool_)  # by kind: air and goods
        self._fill(ordered)
        self._number_kinds(ordered)
        self._describe(ordered)

    def _fill(self, ordered: list[SeriesRow]) -> None:
        stores: dict[UUID, int] = {}
        agents: dict[UUID, int] = {}
        devices: dict[tuple[UUID, str], int] = {}
        for row in ordered:
            store = stores.setdefault(row.store_id, len(stores))
            agent = agents.setdefault(row.agent_id, len(agents))
            if agent == len(self.agent_store):
                self.agent_store.append(store)
                self.devices_of.append([])
            device = devices.setdefault((row.agent_id, row.device), len(devices))
            if device == len(self.devices):
                self.devices.append(Device(row.device, agent, store))
                self.devices_of[agent].append(device)
            self.device_of[row.series] = device
            self.agent_of[row.series] = agent
            column = self.column[row.series] = COLUMN_OF.get(row.metric, -1)
            self.channel[device, int(column)] = row.series
            self.role[row.series] = _ROLES.get(row.metric, Role.NONE)
        self.stores = list(stores)
        self.agents = list(agents)
        self.agent_number = agents

    def _number_kinds(self, ordered: list[SeriesRow]) -> None:
        """Give every series that is watched its kind."""
        numbers: dict[Kind, int] = {}
        params, rules, is_cold = [self.params], [self.rules[:, 0]], [False]
        for row in ordered:
            kind = (row.metric, row.equipment_kind, row.setpoint_c, row.override)
            limits = _watched(kind)
            if limits is None:
                continue
            number = numbers.setdefault(kind, len(numbers) + 1)
            if number == len(params):
                params.append(params_of(limits))
                rules.append(rules_of(limits, row.setpoint_c))
                is_cold.append(limits.high_rule is Rule.TEMPERATURE_HIGH)
            self.limits[row.series], self.kind[row.series] = limits, number
        self.params, self.rules = np.concatenate(params), np.stack(rules, axis=1)
        self.is_cold, self.cold_rules = np.array(is_cold), self.rules.copy()
        self.cold_rules[_BESIDE_LIMITS] = np.nan

    def _describe(self, ordered: list[SeriesRow]) -> None:
        """By device: its store, its model (0: unknown), and the air at which goods stop being
        safe (NaN: not cold)."""
        self.store_of = np.array([device.store for device in self.devices], np.int32)
        self.model = np.zeros(len(self.devices), np.int32)
        self.safe_c = np.full(len(self.devices), np.nan)
        models: dict[str, int] = {}
        for row in ordered:
            device = self.device_of[row.series]
            if row.model:
                self.model[device] = models.setdefault(row.model, len(models) + 1)
            if row.metric == "air_temperature_c" and self.kind[row.series]:
                high = self.rules[RULE_ROWS.index("high"), self.kind[row.series]]
                self.safe_c[device] = high

    def knows(self, series: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Where a series has a device here."""
        inside = series < self.size
        if not self.size:
            return inside
        known: NDArray[np.bool_] = inside & (self.device_of[np.where(inside, series, 0)] >= 0)
        return known

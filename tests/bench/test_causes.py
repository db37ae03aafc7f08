"""Every named cause on simulated machines: share found, delay, false alarms a week
(TSD-05, ALR-13).

`CAUSES_EACH=` machines a cause (6), `CAUSES_SOUND=` sound ones (24).
"""

import os
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from hub.detection.catalog import Catalog, SeriesRow
from hub.detection.engine import Engine
from hub.detection.findings import Change, Finding, Rule
from hub.detection.readings import Readings
from tests.bench.plant import (
    CLIMATE_METRICS,
    COLD_METRICS,
    METER_METRICS,
    Climate,
    Cold,
    Group,
    Meter,
)
from tests.bench.results import Result, report

EACH = int(os.environ.get("CAUSES_EACH", "6"))
SOUND = int(os.environ.get("CAUSES_SOUND", "24"))
TRAIN_DAYS, FAULT_DAYS = 15, 9
START_MS = 1_773_590_400_000  # 2026-03-16 00:00 in Shanghai, a Monday
BLOCK_MIN = 5
TITLE = "Named causes, simulated machines"

COLD = (
    Rule.DOOR_OPEN,
    Rule.DEFROST_LONG,
    Rule.DEFROST_OVERDUE,
    Rule.DEFROST_FAILED,
    Rule.EVAPORATOR_ICED,
    Rule.SHORT_CYCLING,
    Rule.NEVER_RESTS,
    Rule.REFRIGERANT_LOW,
    Rule.FAN_STOPPED,
    Rule.PROBE_FAULT,
    Rule.PROBE_DRIFT,
    Rule.KINETIC_HIGH,
    Rule.LIMIT_AHEAD,
    Rule.FLEET_OUTLIER,
)
CLIMATE = (Rule.HEAT_AND_COOL, Rule.FILTER_CLOGGED, Rule.SCHEDULE_OVERRIDE)
METER = (Rule.NIGHT_LOAD, Rule.PHASE_LOSS)


@dataclass
class Fleet:
    """Groups of machines before one engine; a machine stands in a store of its own."""

    groups: list[tuple[Group, tuple[str, ...]]]
    fault_of: dict[UUID, str] = field(default_factory=dict)
    warm_ms: dict[UUID, int] = field(default_factory=dict)  # when goods passed their limit

    def __post_init__(self) -> None:
        rows: list[SeriesRow] = []
        self.stores: list[list[UUID]] = []
        for group, metrics in self.groups:
            stores = []
            for machine in range(group.size):
                store = UUID(int=len(self.fault_of) + 1)
                self.fault_of[store] = group.fault[machine]
                stores.append(store)
            self.stores.append(stores)
            for metric in metrics:
                for machine, store in enumerate(stores):
                    rows.append(self._row(len(rows), store, metric, group, machine))
        self.catalog = Catalog(rows)
        self.engine = Engine(self.catalog, lambda _: ZoneInfo("Asia/Shanghai"))

    def _row(self, number: int, store: UUID, metric: str, group: Group, machine: int) -> SeriesRow:
        kind, setpoint, model = None, None, None
        if isinstance(group, Cold):
            frozen = bool(group.frozen[machine])
            kind, setpoint = ("freezer", -20.0) if frozen else ("cold_cabinet", 4.0)
            model = kind
        agent = UUID(int=10**6 + store.int)
        return SeriesRow(number, store, agent, "m-1", metric, kind, setpoint, model)

    def run(self, days: int) -> list[Finding]:
        found: list[Finding] = []
        size = self.catalog.size
        series = np.tile(np.arange(size, dtype=np.int32), BLOCK_MIN)
        fresh = np.ones(len(series), np.bool_)
        for block in range(days * 1440 // BLOCK_MIN):
            first_ms = START_MS + (self.groups[0][0].minute) * 60_000
            values = [self._minute() for _ in range(BLOCK_MIN)]
            t_ms = np.repeat(first_ms + 60_000 * np.arange(1, BLOCK_MIN + 1), size)
            readings = Readings(series, t_ms, np.concatenate(values), fresh)
            found += self.engine.apply(readings, int(t_ms[-1]) + 400)
            if block % 12 == 0:
                self._watch_goods(int(t_ms[-1]))
        return found

    def _minute(self) -> np.ndarray:
        return np.concatenate([group.step().ravel() for group, _ in self.groups])

    def _watch_goods(self, now_ms: int) -> None:
        for (group, _), stores in zip(self.groups, self.stores, strict=True):
            if isinstance(group, Cold):
                limit = group.setpoint + np.where(group.frozen, 5.0, 4.0)
                for machine in np.flatnonzero(group.goods > limit):
                    self.warm_ms.setdefault(stores[machine], now_ms)


def fleet() -> Fleet:
    noise = np.random.default_rng(20)
    begins = TRAIN_DAYS * 1440 + 600

    def faults(rules: tuple[Rule, ...]) -> list[str]:
        return [rule.value for rule in rules for _ in range(EACH)] + [""] * SOUND

    return Fleet(
        [
            (Cold(faults(COLD), begins, noise), COLD_METRICS),
            (Climate(faults(CLIMATE), begins, noise), CLIMATE_METRICS),
            (Meter(faults(METER), begins, noise), METER_METRICS),
        ]
    )


@pytest.mark.bench
def test_every_named_cause_is_found() -> None:
    machines = fleet()
    before = machines.run(TRAIN_DAYS)
    after = machines.run(FAULT_DAYS)
    begun_ms = START_MS + machines.groups[0][0].begins_min * 60_000
    results, misses = [], []
    for rule in (*COLD, *CLIMATE, *METER):
        mine = {s for s, fault in machines.fault_of.items() if fault == rule.value}
        told = {
            f.store_id: f.at_ms
            for f in reversed(before * (rule is Rule.FLEET_OUTLIER) + after)
            if f.rule is rule and f.change is Change.RAISED and f.store_id in mine
        }
        share = 100 * len(told) / len(mine)
        first_ms = START_MS if rule is Rule.FLEET_OUTLIER else begun_ms
        hours = sorted((at - first_ms) / 3_600_000 for at in told.values())
        early = sum(at <= machines.warm_ms.get(s, at) for s, at in told.items())
        results.append(Result(f"{rule.value}: found", share, "%"))
        if hours:
            results.append(Result(f"{rule.value}: median delay", float(np.median(hours)), "h"))
            results.append(Result(f"{rule.value}: before the goods are warm", early, ""))
        if share < 95:
            misses.append(rule.value)
    results += false_alarms(machines, before, after)
    report(TITLE, results)
    assert misses == []


def false_alarms(machines: Fleet, before: list[Finding], after: list[Finding]) -> list[Result]:
    """Raised on sound machines, and on others before their fault, by week and machine."""
    sound = {store for store, fault in machines.fault_of.items() if not fault}
    raised = [f for f in before if f.change is Change.RAISED]
    raised = [f for f in raised if machines.fault_of[f.store_id] != f.rule.value]
    raised += [f for f in after if f.change is Change.RAISED and f.store_id in sound]
    weeks = len(machines.fault_of) * TRAIN_DAYS / 7 + len(sound) * FAULT_DAYS / 7
    counts = Counter(f.rule.value for f in raised)
    found = [Result(f"{rule}: false", n / weeks, "/ week") for rule, n in counts.items()]
    return [
        *found,
        Result("all: false", sum(counts.values()) / weeks, "/ week"),
        Result("machine weeks", weeks, ""),
    ]

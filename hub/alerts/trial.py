"""A chain's own rule over minutes of one machine: the same for the past and for now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from hub.archive.alert_rules.records import AlertRule
from hub.archive.duty.records import Shift
from hub.archive.stores.hours import Span, is_open, parse
from hub.detection.conditions import Spell, holds, leaves, spells
from hub.detection.conditions import parse as parse_condition
from hub.timeseries.port import TimeSeries

MINUTE_MS = 60_000
FRESH_MIN = 10  # a value stands for so long where nothing newer is known
AFTER_DEFROST_MIN = 45
DEFROST = "defrost_active"

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine that a rule may be for, with the series that it speaks by."""

    id: UUID
    chain_id: UUID
    store_id: UUID
    device: str
    name: str
    type: str
    zone: ZoneInfo
    hours: str | None
    series: Mapping[str, int]  # by metric

    def fits(self, rule: AlertRule) -> bool:
        """Whether the rule is for it, and it says what the rule asks."""
        if rule.for_equipment_id is not None and rule.for_equipment_id != self.id:
            return False
        if rule.for_store_id is not None and rule.for_store_id != self.store_id:
            return False
        if rule.for_type is not None and rule.for_type != self.type:
            return False
        return wanted_of(rule) <= self.series.keys()


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rule would have said: `edges_ms` are the minutes, spells are places in them."""

    machine: Machine
    edges_ms: NDArray[np.int64]
    spells: list[Spell]
    values: Mapping[str, Floats]

    def at_ms(self, minute: int) -> int:
        return int(self.edges_ms[minute])

    @property
    def minutes(self) -> int:
        """How long it would have been on."""
        last = len(self.edges_ms) - 1
        return sum((last if one.end is None else one.end) - one.start for one in self.spells)


def wanted_of(rule: AlertRule) -> set[str]:
    """The metrics that a rule compares."""
    return {leaf.metric for leaf in leaves(parse_condition(rule.condition))}


def try_rule(
    timeseries: TimeSeries,
    pairs: Iterable[tuple[AlertRule, Machine]],
    span_ms: tuple[int, int],
    windows: Mapping[UUID, Sequence[tuple[int, int]]] | None = None,
) -> list[Trial]:
    """Rules over their machines between two instants, from one query. `windows` are maintenance,
    by machine, in ms: no rule counts while somebody works at it."""
    wanted = list(pairs)
    edges = np.arange(span_ms[0] // MINUTE_MS, span_ms[1] // MINUTE_MS + 1) * MINUTE_MS
    numbers = sorted({n for rule, one in wanted for n in _series_of(rule, one).values()})
    if not numbers or len(edges) < 2:
        return []
    found = timeseries.buckets(numbers, edges)
    place = {int(number): row for row, number in enumerate(found.series)}
    filled = _carry(found.last)
    trials = []
    for rule, machine in wanted:
        values = {
            metric: filled[place[number]] for metric, number in _series_of(rule, machine).items()
        }
        on = holds(parse_condition(rule.condition), values)
        on &= ~_rests(rule, machine, values, edges[:-1])
        for start, end in (windows or {}).get(machine.id, ()):
            on &= ~((edges[:-1] >= start) & (edges[:-1] < end))
        trials.append(Trial(machine, edges, spells(on, rule.hold_min, rule.keep_min), values))
    return trials


def _series_of(rule: AlertRule, machine: Machine) -> dict[str, int]:
    wanted = wanted_of(rule) | ({DEFROST} if rule.rests_in_defrost else set())
    return {metric: machine.series[metric] for metric in wanted & machine.series.keys()}


def _carry(values: Floats) -> Floats:
    """Where nothing new is known the value before stands, for some minutes."""
    minutes = np.arange(values.shape[1])
    known = np.where(np.isnan(values), -1, minutes[None, :])
    last = np.maximum.accumulate(known, axis=1)
    is_fresh = (last >= 0) & (minutes[None, :] - last <= FRESH_MIN)
    carried = np.take_along_axis(values, np.maximum(last, 0), axis=1)
    found: Floats = np.where(is_fresh, carried, np.nan)
    return found


def _rests(
    rule: AlertRule, machine: Machine, values: Mapping[str, Floats], starts_ms: NDArray[np.int64]
) -> Bools:
    """Where a rule does not count: its hours, its daily rest, a defrost and what follows it."""
    rests = np.zeros(len(starts_ms), np.bool_)
    if rule.rests_in_defrost and DEFROST in values:
        defrosts = values[DEFROST] > 0.5
        last = np.maximum.accumulate(np.where(defrosts, np.arange(len(defrosts)), -(10**6)))
        rests |= np.arange(len(defrosts)) - last <= AFTER_DEFROST_MIN
    if rule.shift == Shift.ALWAYS and rule.rests_from is None:
        return rests
    hours = parse(machine.hours) if machine.hours else ()
    for quarter in np.unique(starts_ms // (15 * MINUTE_MS)):
        local = datetime.fromtimestamp(int(quarter) * 900, machine.zone)
        if not _counts(rule, hours, local):
            rests |= starts_ms // (15 * MINUTE_MS) == quarter
    return rests


def _counts(rule: AlertRule, hours: tuple[Span, ...], local: datetime) -> bool:
    has_hours = rule.shift != Shift.ALWAYS and bool(hours)
    if has_hours and is_open(hours, local) is not (rule.shift == Shift.OPEN):
        return False
    if rule.rests_from is None or rule.rests_until is None:
        return True
    now = f"{local:%H:%M}"
    if rule.rests_from <= rule.rests_until:
        return not rule.rests_from <= now < rule.rests_until
    return rule.rests_until <= now < rule.rests_from

"""Footfall: its roll-up written by ingest, and what pages ask of it.

A figure comes with its coverage, the share of the time in which the counters could count: no data
is never taken for nobody (TSD-11).
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, case, func, select

from hub.analytics.stores import StoreClock
from hub.analytics.tables import FootfallSlot
from hub.errors import T
from hub.kit.db import ScopedSession
from hub.kit.upsert import replace_row

_SLOTS: Table = FootfallSlot.__table__  # type: ignore[assignment]  # declarative says FromClause
SLOT = timedelta(minutes=15)
HEATMAP_DAYS = 14
MIN_COVERAGE = 0.5  # a slot below it says nothing about an hour
NO_COVERAGE = 1e-9
QUIET = timedelta(minutes=90)  # nobody moved for so long: the store has closed
MIN_ARRIVALS = 5  # a dwell time of fewer people is chance
DWELL_METHOD = T(
    "平均在店人数 ÷ 单位时间进店人数（利特尔法则）",
    "people present ÷ arrivals per unit of time (Little's law)",
)


@dataclass(frozen=True, slots=True)
class SlotCount:
    """One quarter of an hour of one door, absolute: writing it again changes nothing."""

    chain_id: UUID
    store_id: UUID
    device: str
    start_at: datetime
    in_count: int
    out_count: int
    coverage: float


@dataclass(frozen=True, slots=True)
class Flow:
    """What went through all doors of a store in [start_at, end_at); None: nobody can say."""

    start_at: datetime
    end_at: datetime
    entries: int | None
    exits: int | None
    coverage: float
    occupancy: float | None = None  # people present on average
    dwell_min: float | None = None


@dataclass(frozen=True, slots=True)
class Heatmap:
    """Mean entries by weekday (0 = Monday) and hour; None where coverage is too small."""

    entries: tuple[tuple[float | None, ...], ...]
    coverage: tuple[tuple[float, ...], ...]
    days: int
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Occupancy:
    """People in the store now: entries less exits since the day began, nobody after closing."""

    people: int | None
    as_of: datetime | None
    coverage: float


def write(connection: Connection, slots: Iterable[SlotCount]) -> None:
    """Keep slots as they are now."""
    rows: list[dict[str, Any]] = [
        {
            "chain_id": slot.chain_id,
            "store_id": slot.store_id,
            "device": slot.device,
            "start_at": slot.start_at,
            "in_count": slot.in_count,
            "out_count": slot.out_count,
            "coverage": slot.coverage,
        }
        for slot in slots
    ]
    if rows:
        statement = replace_row(connection, _SLOTS, ("in_count", "out_count", "coverage"))
        connection.execute(statement, rows)


@dataclass(frozen=True, slots=True)
class _Slot:
    start_at: datetime
    entries: int
    exits: int
    coverage: float


def _slots(
    session: ScopedSession, store_id: UUID, start: datetime, end: datetime
) -> Sequence[_Slot]:
    """All doors together, in order of time; coverage is the mean of the doors'."""
    found = (
        select(
            FootfallSlot.start_at,
            func.sum(FootfallSlot.in_count),
            func.sum(FootfallSlot.out_count),
            func.avg(FootfallSlot.coverage),
        )
        .where(
            FootfallSlot.store_id == store_id,
            FootfallSlot.start_at >= start,
            FootfallSlot.start_at < end,
        )
        .group_by(FootfallSlot.start_at)
        .order_by(FootfallSlot.start_at)
    )
    return [
        _Slot(at, int(entries), int(exits), float(coverage))
        for at, entries, exits, coverage in session.execute(found)
    ]


def flows(session: ScopedSession, clock: StoreClock, edges: Sequence[datetime]) -> list[Flow]:
    """In, out, occupancy and dwell time between n + 1 instants."""
    first_day = clock.start_of(clock.day_of(edges[0]))
    slots = _slots(session, clock.store_id, first_day, edges[-1])
    present = _present(slots, clock)
    found = []
    starts = [slot.start_at for slot in slots]
    for start, end in pairwise(edges):
        inside = slice(bisect_left(starts, start), bisect_left(starts, end))
        found.append(_flow(start, end, slots[inside], present[inside]))
    return found


def entries(session: ScopedSession, clock: StoreClock, edges: Sequence[datetime]) -> list[float]:
    """Only who came in between n + 1 instants, summed up by the database; NaN: nobody knows."""
    by_slot = (
        select(
            FootfallSlot.start_at,
            func.sum(FootfallSlot.in_count).label("entries"),
            func.avg(FootfallSlot.coverage).label("coverage"),
        )
        .where(
            FootfallSlot.store_id == clock.store_id,
            FootfallSlot.start_at >= edges[0],
            FootfallSlot.start_at < edges[-1],
        )
        .group_by(FootfallSlot.start_at)
        .subquery()
    )
    bucket = case(*((by_slot.c.start_at < end, n) for n, end in enumerate(edges[1:])))
    found = select(bucket, func.sum(by_slot.c.entries), func.sum(by_slot.c.coverage))
    known = [math.nan] * (len(edges) - 1)
    for n, total, coverage in session.execute(found.group_by(bucket)):
        if float(coverage) * (SLOT / (edges[n + 1] - edges[n])) >= NO_COVERAGE:
            known[n] = float(total)
    return known


def _flow(start: datetime, end: datetime, slots: Sequence[_Slot], present: Sequence[float]) -> Flow:
    coverage = sum(slot.coverage for slot in slots) * (SLOT / (end - start))
    if coverage < NO_COVERAGE:
        return Flow(start, end, None, None, 0.0)
    entries, exits = sum(s.entries for s in slots), sum(s.exits for s in slots)
    people = sum(present) / len(present)
    minutes = len(slots) * SLOT / timedelta(minutes=1)
    dwell = people * minutes / entries if entries >= MIN_ARRIVALS else None
    return Flow(start, end, entries, exits, min(coverage, 1.0), people, dwell)


def _present(slots: Sequence[_Slot], clock: StoreClock) -> list[float]:
    """People present in the middle of each slot; counters miss some, so a day is balanced:
    exits are scaled so that everybody who came in has left when the day is over."""
    found: list[float] = []
    by_day: dict[object, list[_Slot]] = {}
    for slot in slots:
        by_day.setdefault(clock.day_of(slot.start_at), []).append(slot)
    for day in by_day.values():
        entries, exits = sum(s.entries for s in day), sum(s.exits for s in day)
        is_over = _is_quiet(day, day[-1].start_at + SLOT)
        scale = entries / exits if is_over and exits else 1.0
        people = 0.0
        for slot in day:
            left = people + slot.entries - slot.exits * scale
            found.append(max(0.0, (people + left) / 2))
            people = max(0.0, left)
    return found


def _is_quiet(slots: Sequence[_Slot], now: datetime) -> bool:
    moved = [slot.start_at for slot in slots if slot.entries or slot.exits]
    return not moved or now - (moved[-1] + SLOT) >= QUIET


def occupancy(session: ScopedSession, clock: StoreClock, now: datetime) -> Occupancy:
    """People in the store now; None without counts of today."""
    slots = _slots(session, clock.store_id, clock.start_of(clock.day_of(now)), now)
    if not slots:
        return Occupancy(None, None, 0.0)
    people = 0
    for slot in slots:
        people = max(0, people + slot.entries - slot.exits)
    closed = [slot.coverage for slot in slots[:-1]]  # the newest slot is still being counted
    coverage = sum(closed) / len(closed) if closed else 1.0
    as_of = min(slots[-1].start_at + SLOT, now)
    return Occupancy(0 if _is_quiet(slots, now) else people, as_of, coverage)


def heatmap(
    session: ScopedSession, clock: StoreClock, now: datetime, days: int = HEATMAP_DAYS
) -> Heatmap:
    """Mean entries by weekday and hour over the last full days and today so far."""
    start = clock.start_of(clock.day_of(now) - timedelta(days=days))
    slots = _slots(session, clock.store_id, start, now - SLOT)
    entries = [[0.0] * 24 for _ in range(7)]
    covered = [[0.0] * 24 for _ in range(7)]
    seen = [[0] * 24 for _ in range(7)]
    for slot in slots:
        local = slot.start_at.astimezone(clock.zone)
        day, hour = local.weekday(), local.hour
        seen[day][hour] += 1
        if slot.coverage >= MIN_COVERAGE:
            entries[day][hour] += slot.entries
            covered[day][hour] += slot.coverage
    a_hour = timedelta(hours=1) / SLOT
    return Heatmap(
        tuple(
            tuple(
                entries[d][h] * a_hour / covered[d][h] if covered[d][h] >= a_hour / 2 else None
                for h in range(24)
            )
            for d in range(7)
        ),
        tuple(
            tuple(covered[d][h] / seen[d][h] if seen[d][h] else 0.0 for h in range(24))
            for d in range(7)
        ),
        days,
        slots[-1].start_at + SLOT if slots else None,
    )

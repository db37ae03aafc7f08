"""All detectors behind one call: (state, readings in journal order) → findings.

Pure but for its own state: no clock, no SQL. `snapshot` and `restore` carry the state over a
restart; replaying the journal from there gives the same state and the same findings.
"""

from collections.abc import Callable, Iterator, Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from hub.detection import equipment
from hub.detection.catalog import Catalog, Role
from hub.detection.context import DEFROST, DOOR, flagged
from hub.detection.defaults import DOWN, RULE_ROWS, TRIGGERS, UP, rule_of
from hub.detection.findings import Change, Evidence, Finding, Severity
from hub.detection.late import LateLane, Spell
from hub.detection.presence import NEVER, Presence
from hub.detection.readings import Readings, Runs, runs_of, split_late
from hub.detection.slots import SLOT_MS, SLOT_S, StreamKey
from hub.detection.trade import PlannedOf, Trade
from hub.detection.triggers import Transition
from hub.detection.upkeep import Upkeep

SLOT_GRACE_MS = 30_000  # stragglers of other buses still count
GAP_S = 300.0  # an agent silent for longer was not there
_CATCH_UP_SLOTS = 16
_IS_DOOR = np.isin(np.arange(len(Role)), (Role.IN_COUNT, Role.OUT_COUNT))


class Engine:
    """Detector state of all series, devices and counters of one hub."""

    def __init__(
        self,
        catalog: Catalog,
        zone_of: Callable[[UUID], ZoneInfo],
        planned_of: PlannedOf = lambda _: (),
    ) -> None:
        self.catalog = catalog
        self.series = equipment.new_states(0)
        self.late = LateLane()
        self.presence = Presence()
        self.trade = Trade(zone_of, planned_of)
        self.upkeep = Upkeep(zone_of)
        self.use(catalog)

    def use(self, catalog: Catalog) -> None:
        """Go on with a newer catalog; it may only have grown."""
        self.catalog = catalog
        self.series.grow(catalog.size)
        self.late.use(catalog)
        self.presence.grow(catalog)
        self.upkeep.grow(len(catalog.devices))
        for series in np.flatnonzero(_IS_DOOR[catalog.role]):
            row = catalog.rows[int(series)]
            self.trade.slots.stream(StreamKey(row.agent_id, row.store_id, row.device, False))

    def count_tickets(self, key: StreamKey, t_ms: int, amount: int = 1) -> None:
        """Tickets of a till; give those of a block before its readings."""
        self.trade.slots.add(self.trade.slots.stream(key), 0, t_ms // SLOT_MS, amount)

    def apply(self, readings: Readings, received_ms: int) -> list[Finding]:
        """Take readings of known series, usable and none from the future, in journal order."""
        found: list[Finding] = []
        crossings = self._crossings(readings)
        if not crossings:
            found += self._take(readings, received_ms)
        else:
            for part, ends in _stretches(self.catalog.agent_of[readings.series], crossings):
                found += self._take(readings[part], received_ms)
                for agent, slot in ends:
                    found += self._close_slots(agent, slot, received_ms)
        found += self.presence.findings(self.catalog)
        return found

    def hear(self, agent_id: UUID, received_ms: int, is_alive: bool) -> None:
        """An agent was born or died, by the broker's word."""
        if agent_id in self.catalog.agent_number:
            self.presence.hear(self.catalog.agent_number[agent_id], received_ms, is_alive)

    def tick(self, now_ms: int, started_ms: int) -> list[Finding]:
        """What only the hub's clock can tell: agents that are gone."""
        return list(self.presence.tick(self.catalog, now_ms, started_ms))

    def _crossings(self, readings: Readings) -> list[tuple[int, int, int]]:
        """Where a reading begins a new quarter of an hour of its agent: (position, agent, slot)."""
        if not len(readings):
            return []
        agents = self.catalog.agent_of[readings.series]
        slots = (readings.t_ms - SLOT_GRACE_MS) // SLOT_MS
        ahead = np.flatnonzero(slots > self.presence.agents["slot"][agents])
        if not len(ahead):
            return []
        order = np.lexsort((ahead, agents[ahead]))
        position = ahead[order]
        agent, slot = agents[position], slots[position]
        newest = _running_slot(agent, slot)
        is_first = np.concatenate(([True], (newest[1:] > newest[:-1]) | (agent[1:] != agent[:-1])))
        found = zip(position[is_first], agent[is_first], slot[is_first], strict=True)
        return sorted((int(p), int(a), int(s)) for p, a, s in found)

    def _close_slots(self, agent: int, slot: int, received_ms: int) -> Iterator[Finding]:
        row = self.presence.agents[agent]
        open_slot, covered_s = int(row["slot"]), float(row["covered_s"])
        row["slot"], row["covered_s"] = slot, 0.0
        if open_slot == NEVER:
            return
        yield from self._past(self.late.settle(self.catalog, agent, self.series))
        agent_id = self.catalog.agents[agent]
        shares = self._shares(agent, open_slot, covered_s)
        yield from self.trade.close_slot(agent_id, open_slot, shares, received_ms)
        for missed in range(max(open_slot + 1, slot - _CATCH_UP_SLOTS), slot):
            yield from self.trade.close_slot(agent_id, missed, {}, received_ms)

    def _shares(self, agent: int, slot: int, covered_s: float) -> dict[str, float]:
        """How much of a slot each device of the agent was there to count."""
        share = min(covered_s / SLOT_S, 1.0)
        shares = {}
        for number in self.catalog.devices_of[agent]:
            device, row = self.catalog.devices[number], self.presence.devices[number]
            if self.presence.stores["told_ms"][device.store] != NEVER:
                shares[device.id] = 0.0
            elif row["online"] == 0:
                there_ms = int(row["offline_ms"]) - slot * SLOT_MS
                shares[device.id] = min(share, max(there_ms / SLOT_MS, 0.0))
            else:
                shares[device.id] = share
        return shares

    def _take(self, readings: Readings, received_ms: int) -> list[Finding]:
        """One stretch without a slot's end in it.

        Where series come back and late readings stand side by side, it is cut again, so that the
        late lane begins from the silence that was the newest when its readings came.
        """
        if not len(readings):
            return []
        newest_ms = self.series.levels["t_ms"]
        runs, late = split_late(runs_of(readings), newest_ms)
        back = self.late.silences(runs, newest_ms) if len(late.starts) else late.position
        if not len(back):
            return self._take_runs(readings, (runs, late), received_ms)
        found: list[Finding] = []
        agents = self.catalog.agent_of[readings.series]
        cuts = [(int(position), int(agents[position]), 0) for position in np.sort(back)]
        for part, _ in _stretches(agents, cuts):
            mine = readings[part]
            split = split_late(runs_of(mine), newest_ms)
            found += self._take_runs(mine, split, received_ms) if len(mine) else []
        return found

    def _take_runs(
        self, readings: Readings, split: tuple[Runs, Runs], received_ms: int
    ) -> list[Finding]:
        catalog, (runs, late) = self.catalog, split
        self._cover(readings)
        before_ms = self.series.levels["t_ms"][runs.series].astype(np.int64)
        self._count(runs, late)
        self.presence.observe(catalog, runs, before_ms, received_ms)
        found = [*self._step(runs), *self.upkeep.take(catalog, runs)]
        if len(late.starts):
            found += self._past(self.late.take(catalog, late))
        return found

    def _cover(self, readings: Readings) -> None:
        """Book for how long each agent was there."""
        agents = self.catalog.agent_of[readings.series]
        books = self.presence.agents
        newest = np.full(len(books), NEVER, np.int64)
        np.maximum.at(newest, agents, readings.t_ms)
        known = (newest > books["time_ms"]) & (books["time_ms"] != NEVER)
        step_ms = np.where(known, newest - books["time_ms"], 0)
        was_away = step_ms > GAP_S * 1000
        books["covered_s"] += np.where(was_away, 0, step_ms) / 1000
        for agent in np.flatnonzero(was_away):
            before_ms = int(books["time_ms"][agent])
            stamps = np.maximum.accumulate(readings.t_ms[agents == agent])
            steps = np.diff(np.maximum(np.concatenate(([before_ms], stamps)), before_ms))
            books["covered_s"][agent] += float(steps[steps <= GAP_S * 1000].sum()) / 1000

    def _count(self, runs: Runs, late: Runs) -> None:
        """Door counts into their slots; late ones count as well, each reading comes once."""
        for readings in (runs.readings, late.readings):
            role = self.catalog.role[readings.series]
            passed = np.flatnonzero(_IS_DOOR[role] & (readings.value > 0))
            if not len(passed):
                continue
            for series, t_ms, people in _rows(readings[passed]):
                row = self.catalog.rows[series]
                key = StreamKey(row.agent_id, row.store_id, row.device, False)
                channel = int(self.catalog.role[series] == Role.OUT_COUNT)
                slots = self.trade.slots
                slots.add(slots.stream(key), channel, t_ms // SLOT_MS, people)

    def _step(self, runs: Runs) -> list[Finding]:
        """Equipment detectors over the watched series, and the newest value of all others."""
        if not len(runs.starts):
            return []
        catalog, readings = self.catalog, runs.readings
        role, device = catalog.role[readings.series], catalog.device_of[readings.series]
        books = self.presence.devices
        value_before = self.series.levels["value"]
        defrosting = flagged(DEFROST, runs, role, device, (value_before, books["defrost_until_ms"]))
        door_open = flagged(DOOR, runs, role, device, (value_before, books["door_until_ms"]))
        watched = catalog.kind[runs.series] > 0
        plain = ~watched
        others = runs.series[plain]
        self.series.levels["t_ms"][others] = readings.t_ms[runs.ends[plain] - 1]
        self.series.levels["value"][others] = readings.value[runs.ends[plain] - 1]
        sample = equipment.Sample(
            readings.t_ms, readings.value, readings.is_fresh, defrosting, door_open
        )
        mine = Runs(readings, runs.position, runs.starts[watched], runs.ends[watched])
        standards = equipment.Standards(catalog.kind, catalog.rules, catalog.params, self.late.keep)
        changes = equipment.step(self.series, standards, mine, sample)
        return [self._finding(readings, change) for change in changes]

    def _finding(self, readings: Readings, change: Transition) -> Finding:
        series = int(readings.series[change.reading])
        row, limits = self.catalog.rows[series], self.catalog.limits[series]
        at_ms = int(readings.t_ms[change.reading])
        trigger = TRIGGERS[change.trigger] if change.trigger >= 0 else "over"
        what = _change(change)
        worst = change.peak if what is Change.PAST else float(readings.value[change.reading])
        evidence = Evidence(
            trigger=trigger,
            device=row.device,
            metric=row.metric,
            series=series,
            value=round(worst, 3),
            limit=self.limit(series, change.group, change.trigger),
            usual=round(change.usual, 3) if change.group in (UP, DOWN) else None,
            window_start_ms=change.began_ms,
            window_end_ms=at_ms,
        )
        return Finding(
            what,
            row.store_id,
            f"{row.device}/{row.metric}",
            rule_of(limits, change.group),
            Severity(change.after or max(change.announced, change.before)),
            change.began_ms,
            at_ms,
            evidence,
        )

    def _past(self, spells: Sequence[Spell]) -> list[Finding]:
        """Spells of series that are still watched."""
        return [
            self._past_finding(spell) for spell in spells if spell.series in self.catalog.limits
        ]

    def _past_finding(self, spell: Spell) -> Finding:
        row, limits = self.catalog.rows[spell.series], self.catalog.limits[spell.series]
        evidence = Evidence(
            trigger="over",
            device=row.device,
            metric=row.metric,
            series=spell.series,
            value=round(spell.peak, 3),
            limit=self.limit(spell.series, spell.group, -1),
            window_start_ms=spell.began_ms,
            window_end_ms=spell.ended_ms,
        )
        return Finding(
            Change.PAST,
            row.store_id,
            f"{row.device}/{row.metric}",
            rule_of(limits, spell.group),
            Severity(spell.severity),
            spell.began_ms,
            spell.ended_ms,
            evidence,
        )

    def limit(self, series: int, group: int, trigger: int) -> float | None:
        """The limit that a chart draws: the broken one, or the warning limit of that side."""
        names = {"above-critical": "critical", "below-limit": "low"}
        if group not in (UP, DOWN):
            return None
        name = names.get(TRIGGERS[trigger], "low" if group == DOWN else "high")
        limit = float(self.catalog.rules[RULE_ROWS.index(name), self.catalog.kind[series]])
        return round(limit, 3) if np.isfinite(limit) else None


def _change(change: Transition) -> Change:
    if change.after == 0:
        return Change.CLEARED if change.announced else Change.PAST
    return Change.STEPPED if change.announced else Change.RAISED


def _stretches(
    agents: NDArray[np.int32], crossings: Sequence[tuple[int, int, int]]
) -> Iterator[tuple[NDArray[np.bool_], list[tuple[int, int]]]]:
    """Stretches of a block without a slot's end in them, and the (agent, slot) that each ends
    with. What one agent sends says nothing about another's slots, so all take a stretch at once.
    """
    phase = np.zeros(len(agents), np.intp)
    ends: list[list[tuple[int, int]]] = [[]]
    crossed: dict[int, int] = {}
    for position, agent, slot in crossings:
        number = crossed[agent] = crossed.get(agent, 0) + 1
        if number == len(ends):
            ends.append([])
        ends[number - 1].append((agent, slot))
        phase[position] += 1
    order = np.argsort(agents, kind="stable")
    steps = np.cumsum(phase[order])
    first = np.flatnonzero(np.diff(agents[order], prepend=-1))
    base = steps[first] - phase[order][first]
    phase[order] = steps - np.repeat(base, np.diff(np.append(first, len(agents))))
    for number, ending in enumerate(ends):
        yield phase == number, ending


def _rows(readings: Readings) -> Iterator[tuple[int, int, int]]:
    people = readings.value.astype(np.int64)
    return zip(readings.series.tolist(), readings.t_ms.tolist(), people.tolist(), strict=True)


def _running_slot(agent: NDArray[np.int32], slot: NDArray[np.int64]) -> NDArray[np.int64]:
    """The newest slot so far of each agent; both arrays are sorted by agent."""
    span = int(slot.max()) - int(slot.min()) + 1
    offset = agent.astype(np.int64) * span
    found: NDArray[np.int64] = np.maximum.accumulate(slot + offset) - offset
    return found

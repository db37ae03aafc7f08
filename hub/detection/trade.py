"""The running book of every store's counters: slots in, verdicts out, one agent at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from hub.detection.counts import WINDOWS, Outlook, Tally, Verdict, is_over, judge
from hub.detection.days import FESTIVAL_DOUBT, is_festival, weekday
from hub.detection.findings import Change, Evidence, Finding, Rule, Severity
from hub.detection.neighbours import ALARM, Usual, same_slots, strangeness
from hub.detection.planned import Planned, touches
from hub.detection.planned import outlook as planned_outlook
from hub.detection.profile import DAY_SLOTS, WEEK_SLOTS, Profile, fit
from hub.detection.readings import FRESH_MS
from hub.detection.slots import SLOT_MS, SLOT_S, SLOTS, WEEKS, Slots

LEARN_SLOTS = 12 * WEEK_SLOTS - DAY_SLOTS
STRANGE = 2.0 * ALARM  # two quarters of an hour in a row must be so strange
CONFIRM = 2  # a verdict must be given this often in a row


@dataclass(slots=True)
class Standing:
    """A verdict that stands, or is about to: `told` is False until somebody was told."""

    since_ms: int
    seen: int
    told: bool
    severity: Severity
    at_ms: int  # the end of the newest slot judged


@dataclass(slots=True)
class Habit:
    """How strange a counter's slots usually look, and how far the newest one was off."""

    usual: Usual
    echo: float = 0.0

    def row(self) -> list[float]:
        """For a checkpoint."""
        return [self.usual.mean, self.usual.seen, self.usual.level, self.echo]

    @classmethod
    def of(cls, row: Sequence[float]) -> "Habit":
        mean, seen, level, echo = (float(number) for number in row)
        return cls(Usual(mean, int(seen), level), echo)


PlannedOf = Callable[[UUID], Sequence[Planned]]
StandingKey = tuple[UUID, Rule, int | None]  # agent, rule, stream


class Trade:
    """Counters of all agents; `zone_of` gives a store's time zone, `planned_of` its promotions."""

    def __init__(
        self, zone_of: Callable[[UUID], ZoneInfo], planned_of: PlannedOf = lambda _: ()
    ) -> None:
        self.slots = Slots()
        self.standing: dict[StandingKey, Standing] = {}
        self.profiles: dict[tuple[int, int], Profile] = {}
        self.usual: dict[int, Habit] = {}
        self._zone_of, self._planned_of = zone_of, planned_of

    def close_slot(
        self, agent_id: UUID, slot: int, shares: dict[str, float], received_ms: int
    ) -> Iterator[Finding]:
        """End `slot` for one agent; `shares` is by device how much of it could be counted."""
        streams = self.slots.of_agent(agent_id)
        if not streams:
            return
        for stream in streams:
            self.slots.cover(stream, slot, shares.get(self.slots.keys[stream].device, 0.0))
        zone = self._zone_of(self.slots.keys[streams[0]].store_id)
        if slot % DAY_SLOTS == 0 or any((s, 0) not in self.profiles for s in streams):
            self._learn(streams, slot, zone)
        outlook = self._outlook(streams, slot, zone)
        is_fresh = received_ms - (slot + 1) * SLOT_MS <= FRESH_MS
        yield from self._settle(agent_id, outlook, is_fresh)

    def profile(self, stream: int, channel: int) -> Profile | None:
        """The usual week of a stream, once it is known."""
        found = self.profiles.get((stream, channel))
        return found if found and found.is_ready else None

    def standing_findings(self) -> Iterator[Finding]:
        """What was told and still stands."""
        for key, standing in self.standing.items():
            if standing.told:
                yield self._finding(Change.RAISED, key, standing, None)

    def _plans(self, streams: Sequence[int]) -> Sequence[Planned]:
        return self._planned_of(self.slots.keys[streams[0]].store_id)

    def _learn(self, streams: Sequence[int], last: int, zone: ZoneInfo) -> None:
        plans = self._plans(streams)
        for stream in streams:
            window = self.slots.window(stream, last - 1, LEARN_SLOTS)
            window = window[self.slots.share(stream, window % SLOTS) > 0]
            cells = window % SLOTS
            known = self.slots.share(stream, cells) >= 0.9
            known &= ~self.slots.is_odd(stream, cells)
            known &= ~festive(window, zone) & ~touches(plans, window)
            week = week_slots(window, zone)
            age = last - window
            for channel in (0, 1):
                counts = self.slots.count[stream, channel, cells]
                self.profiles[stream, channel] = fit(counts, known, week, age)

    def _outlook(self, streams: Sequence[int], slot: int, zone: ZoneInfo) -> Outlook:
        keys = self.slots.keys
        recent = np.arange(slot - WINDOWS[-1] + 1, slot + 1)
        factors, doubt = planned_outlook(self._plans(streams), recent)
        return Outlook(
            self.slots,
            [s for s in streams if not keys[s].is_till],
            [s for s in streams if keys[s].is_till],
            slot,
            self.profiles,
            week_slots(recent, zone),
            max(doubt, FESTIVAL_DOUBT if festive(recent, zone).any() else 0.0),
            factors,
        )

    def _strange(self, outlook: Outlook) -> Iterator[Verdict]:
        """Counters whose newest slot is like none of the same slots before (after 12 weeks)."""
        if outlook.doubt:
            return
        for stream in (*outlook.doors, *outlook.tills):
            cells = same_slots(outlook.last, WEEK_SLOTS, WEEKS - 1)
            here = outlook.last % SLOTS
            share = self.slots.share(stream, np.append(cells.ravel(), here) % SLOTS)
            past = self.slots.count[stream, 0, cells % SLOTS].astype(np.float64)
            past[share[:-1].reshape(past.shape) < 0.9] = np.nan
            if share[-1] < 0.9:
                continue
            habit = self.usual.setdefault(stream, Habit(Usual()))
            value = float(self.slots.count[stream, 0, here])
            strange, habit.echo = strangeness(value, habit.echo, past)
            if np.isnan(strange):
                continue
            median = value - habit.echo
            if habit.usual.ratio(strange, median) > STRANGE:
                tally = Tally(value, median, median)
                yield Verdict(
                    _rule(stream in outlook.doors, habit.echo), Severity.LOW, None, tally, 1
                )

    def _settle(self, agent_id: UUID, outlook: Outlook, is_fresh: bool) -> Iterator[Finding]:
        """Confirm, tell and end verdicts; slots under a standing one are not learned from."""
        end_ms = (outlook.last + 1) * SLOT_MS
        verdicts = {(agent_id, v.rule, v.stream): v for v in self._strange(outlook)}
        verdicts |= {(agent_id, v.rule, v.stream): v for v in judge(outlook)}
        for key, verdict in verdicts.items():
            window_start_ms = (outlook.last - verdict.window + 1) * SLOT_MS
            standing = self.standing.setdefault(
                key, Standing(window_start_ms, 0, False, verdict.severity, 0)
            )
            standing.seen, standing.at_ms = standing.seen + 1, end_ms
            if standing.seen == CONFIRM:
                self._disown(key, outlook, verdict.window)
            if is_fresh and standing.seen >= CONFIRM and not standing.told:
                standing.told = True
                yield self._finding(Change.RAISED, key, standing, verdict)
        for key, standing in [(k, s) for k, s in self.standing.items() if k[0] == agent_id]:
            if key not in verdicts and (
                standing.seen < CONFIRM or is_over(key[1], key[2], outlook)
            ):
                del self.standing[key]
                standing.at_ms = end_ms
                if standing.told:
                    yield self._finding(Change.CLEARED, key, standing, None)
            elif standing.seen >= CONFIRM:
                self._disown(key, outlook, 1)

    def _disown(self, key: StandingKey, outlook: Outlook, window: int) -> None:
        streams = (*outlook.doors, *outlook.tills) if key[2] is None else (key[2],)
        cells = np.arange(outlook.last - window + 1, outlook.last + 1) % SLOTS
        self.slots.disown(streams, cells)

    def _finding(
        self, change: Change, key: StandingKey, standing: Standing, verdict: Verdict | None
    ) -> Finding:
        agent_id, rule, stream = key
        streams = self.slots.of_agent(agent_id)
        owner = self.slots.keys[stream if stream is not None else streams[0]]
        device = owner.device if stream is not None else None
        tally = verdict.tally if verdict else None
        evidence = Evidence(
            trigger="usual-week",
            device=device,
            observed=tally.observed if tally else None,
            expected=round(tally.expected, 1) if tally else None,
            traffic_ratio=_rounded(verdict.traffic_ratio) if verdict else None,
            window_start_ms=standing.since_ms,
            window_end_ms=standing.at_ms,
            devices=(device,) if device else (),
        )
        return Finding(
            change,
            owner.store_id,
            device or "store",
            rule,
            standing.severity,
            standing.since_ms,
            standing.at_ms,
            evidence,
        )


def _rule(is_door: bool, off: float) -> Rule:
    if is_door:
        return Rule.TRAFFIC_SPIKE if off > 0 else Rule.TRAFFIC_DROP
    return Rule.SALES_SPIKE if off > 0 else Rule.SALES_DROP


def _rounded(ratio: float | None) -> float | None:
    return None if ratio is None else round(ratio, 2)


def week_slots(slots: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.intp]:
    """Slot of the local week of each slot, by the day of the week as which its day trades."""
    local = _local(slots, zone)
    days, place = np.unique(local // DAY_SLOTS, return_inverse=True)
    weekdays = np.array([weekday(zone, int(day)) for day in days], np.int64)
    found: NDArray[np.intp] = (weekdays[place] * DAY_SLOTS + local % DAY_SLOTS).astype(np.intp)
    return found


def festive(slots: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.bool_]:
    """Which slots lie in a public holiday."""
    days, place = np.unique(_local(slots, zone) // DAY_SLOTS, return_inverse=True)
    found: NDArray[np.bool_] = np.array([is_festival(zone, int(day)) for day in days], np.bool_)[
        place
    ]
    return found


def _local(slots: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.int64]:
    """Slots of local time; the zone's offset is taken once a UTC day."""
    days, place = np.unique(slots // DAY_SLOTS, return_inverse=True)
    offsets = np.array([_offset_slots(zone, int(day)) for day in days], np.int64)
    found: NDArray[np.int64] = slots + offsets[place] if len(slots) else slots
    return found


@lru_cache(maxsize=4096)
def _offset_slots(zone: ZoneInfo, utc_day: int) -> int:
    noon = datetime.fromtimestamp(utc_day * 86_400 + 43_200, UTC).astimezone(zone)
    offset = noon.utcoffset()
    return int(offset.total_seconds()) // SLOT_S if offset else 0

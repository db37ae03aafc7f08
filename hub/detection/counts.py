"""Doors and tickets against their usual week: dead counter, quiet store, drop or rush (TSD-06).

Judged when a quarter of an hour ends, over the last one, two and four hours. A counter that says
nothing while people come by another door or pay is dead; a store where nobody does anything is
quiet; fewer people is a traffic drop; people who do not buy are a sales drop.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hub.detection.findings import Rule, Severity
from hub.detection.profile import Profile, tails
from hub.detection.slots import SLOTS, Slots

WINDOWS = (4, 8, 16)  # slots
RECENT = 2
MIN_COVERED = 0.8
ALIVE_RATIO = 0.3
LIVELY_RATIO = 0.6
ONE_SIDED = 0.75  # a door as busy as this says that people come: the other one is failing
QUIET_RATIO = 0.1
DROP, STILL_LOW = 0.5, 0.75
RUSH, STILL_HIGH = 2.0, 1.4
RARE = 1e-5


@dataclass(frozen=True, slots=True)
class Tally:
    """What was seen and what was usual over one window."""

    observed: float
    expected: float
    variance: float

    @property
    def ratio(self) -> float:
        return self.observed / self.expected if self.expected > 0 else 1.0

    def __add__(self, other: "Tally") -> "Tally":
        # Whole days differ for all counters of a store together, so the deviations add up.
        spread = self.variance + other.variance + 2 * _common(self) * _common(other)
        return Tally(self.observed + other.observed, self.expected + other.expected, spread)

    @property
    def is_dead(self) -> bool:
        """Silent where it should not be."""
        return self.is_silent and self.expected >= 8 and self.low < RARE

    @property
    def is_silent(self) -> bool:
        return self.observed <= 0.02 * self.expected and self.expected >= 2

    @property
    def is_alive(self) -> bool:
        return self.expected >= 4 and self.ratio > ALIVE_RATIO

    @property
    def low(self) -> float:
        return tails(self.observed, self.expected, self.variance)[0]

    @property
    def high(self) -> float:
        return tails(self.observed, self.expected, self.variance)[1]


NOTHING = Tally(0.0, 0.0, 0.0)


def _common(tally: Tally) -> float:
    return 0.7 * math.sqrt(max(tally.variance - tally.expected, 0.0))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong at the end of a slot; `stream` is None for the whole store."""

    rule: Rule
    severity: Severity
    stream: int | None
    tally: Tally
    window: int
    traffic_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """One store's counters at the end of slot `last`: what each window says."""

    slots: Slots
    doors: Sequence[int]
    tills: Sequence[int]
    last: int
    profiles: dict[tuple[int, int], Profile]
    week_slots: NDArray[np.intp]  # of the last WINDOWS[-1] slots
    doubt: float = 0.0  # squared share by which trade may differ today
    factors: NDArray[np.float64] | None = None  # of the last WINDOWS[-1] slots: what is planned

    def tally(self, stream: int, channel: int, window: int) -> Tally | None:
        """None where there is no profile yet, or the counter could not count."""
        profile = self.profiles.get((stream, channel))
        if profile is None or not profile.is_ready:
            return None
        cells = np.arange(self.last - window + 1, self.last + 1) % SLOTS
        known = self.slots.share(stream, cells) >= MIN_COVERED
        if known.sum() * 4 < window * 3:
            return None
        observed = float(self.slots.count[stream, channel, cells][known].sum())
        factor = 1.0 if self.factors is None else self.factors[-window:][known]
        expected, variance = profile.expect(self.week_slots[-window:][known], factor)
        return Tally(observed, expected, variance + self.doubt * expected * expected)

    def door(self, stream: int, window: int) -> Tally | None:
        """Both directions together: a counter that only counts exits is not dead."""
        entries, exits = self.tally(stream, 0, window), self.tally(stream, 1, window)
        return entries + exits if entries and exits else None

    def dead_doors(self, window: int) -> set[int]:
        """Doors that say nothing though they should."""
        return {d for d in self.doors if (tally := self.door(d, window)) and tally.is_dead}

    def mute_doors(self) -> set[int]:
        """Doors silent for half an hour while others count: perhaps dying, no witness meanwhile."""
        tallies = {d: tally for d in self.doors if (tally := self.tally(d, 0, RECENT))}
        mute = {door for door, tally in tallies.items() if tally.is_silent}
        others = sum(tally.observed for door, tally in tallies.items() if door not in mute)
        return mute if others > 0 else set()

    def dead_tills(self, window: int) -> set[int]:
        """Tills that say nothing while others do; where none does, nobody buys."""
        silent = {t for t in self.tills if (tally := self.tally(t, 0, window)) and tally.is_dead}
        others = self.total([t for t in self.tills if t not in silent], window)
        return silent if others.expected > 0 and others.ratio > LIVELY_RATIO else set()

    def live(self, streams: Sequence[int], dead: set[int], window: int) -> Tally:
        """The sum over those that count. One that has been silent for a while, though not yet
        long enough to be called dead, stays out when the others are as busy as usual."""
        able = [stream for stream in streams if stream not in dead]
        silent = [s for s in able if (tally := self.tally(s, 0, window)) and tally.is_silent]
        others = self.total([stream for stream in able if stream not in silent], window)
        return (
            others
            if others.expected > 0 and others.ratio > LIVELY_RATIO
            else self.total(able, window)
        )

    def total(self, streams: Sequence[int], window: int) -> Tally:
        tallies = [tally for s in streams if (tally := self.tally(s, 0, window))]
        return sum(tallies, NOTHING)


def judge(outlook: Outlook) -> list[Verdict]:
    """What is wrong now; at most one verdict per rule and stream, from the shortest window.

    A counter that is dead in a short window stays out of the sums of the longer ones, and a store
    that is quiet in a short one is not looked at any further.
    """
    found: dict[tuple[Rule, int | None], Verdict] = {}
    dead: set[int] = set()
    for window in WINDOWS:
        news = (outlook.dead_doors(window) | outlook.dead_tills(window)) - dead
        dead |= news
        traffic = outlook.live(outlook.doors, dead | outlook.mute_doors(), window)
        sales = outlook.live(outlook.tills, dead, window)
        if _is_quiet(traffic, sales) and news:
            silent = outlook.total(sorted(news.intersection(outlook.doors)), window)
            return [Verdict(Rule.STORE_QUIET, Severity.MEDIUM, None, silent, window)]
        verdicts = [*_trade(outlook, traffic, sales, window)]
        if traffic.is_alive or sales.is_alive:
            verdicts += _dead(outlook, news, window)
        for verdict in verdicts:
            found.setdefault((verdict.rule, verdict.stream), verdict)
    return list(found.values())


def _is_quiet(traffic: Tally, sales: Tally) -> bool:
    """No door is left that counts, and next to nobody buys."""
    return traffic.expected < 4 and (sales.expected < 4 or sales.ratio < QUIET_RATIO)


def _dead(outlook: Outlook, dead: set[int], window: int) -> Iterator[Verdict]:
    for door in dead.intersection(outlook.doors):
        tally = outlook.door(door, window) or NOTHING
        yield Verdict(Rule.COUNTER_DEAD, Severity.MEDIUM, door, tally, window)
    for till in dead.intersection(outlook.tills):
        tally = outlook.tally(till, 0, window) or NOTHING
        yield Verdict(Rule.TILL_SILENT, Severity.MEDIUM, till, tally, window)


def _trade(outlook: Outlook, traffic: Tally, sales: Tally, window: int) -> Iterator[Verdict]:
    """Drops and rushes that still go on: the last half hour must show them as well."""
    busy = [tally.ratio for door in outlook.doors if (tally := outlook.tally(door, 0, window))]
    now = outlook.total(outlook.doors, RECENT).ratio
    if traffic.ratio > 1 or not any(ratio > ONE_SIDED for ratio in busy):
        yield from _traffic(traffic, now, window)
    now = outlook.total(outlook.tills, RECENT).ratio
    yield from _sales(sales, traffic, now, window)


def _traffic(traffic: Tally, now: float, window: int) -> Iterator[Verdict]:
    if traffic.expected < 12:
        return
    if traffic.ratio < DROP and now < STILL_LOW and traffic.low < RARE:
        yield Verdict(Rule.TRAFFIC_DROP, Severity.MEDIUM, None, traffic, window)
    elif traffic.ratio > RUSH and now > STILL_HIGH and traffic.high < RARE:
        yield Verdict(Rule.TRAFFIC_SPIKE, Severity.LOW, None, traffic, window)


def _sales(sales: Tally, traffic: Tally, now: float, window: int) -> Iterator[Verdict]:
    """Tickets beside visitors: fewer tickets from fewer visitors is the traffic's alert."""
    if sales.expected < 10:
        return
    visitors = traffic.ratio if traffic.expected >= 10 else None
    is_drop = visitors is None or visitors > 0.65
    is_rush = visitors is None or visitors < 1.5
    if is_drop and sales.ratio < DROP and now < STILL_LOW and sales.low < RARE:
        yield Verdict(Rule.SALES_DROP, Severity.HIGH, None, sales, window, visitors)
    elif is_rush and sales.ratio > RUSH and now > STILL_HIGH and sales.high < RARE:
        yield Verdict(Rule.SALES_SPIKE, Severity.LOW, None, sales, window, visitors)


def is_over(rule: Rule, stream: int | None, outlook: Outlook) -> bool:
    """Whether a verdict given before no longer holds; too little to tell keeps it."""
    last = outlook.last % SLOTS
    count = outlook.slots.count
    if rule is Rule.STORE_QUIET:
        return bool(sum(int(count[s, 0, last]) for s in (*outlook.doors, *outlook.tills)) >= 2)
    if stream is not None:
        return bool(count[stream, :, last].sum() >= 2)
    is_traffic = rule in (Rule.TRAFFIC_DROP, Rule.TRAFFIC_SPIKE)
    dead = outlook.dead_doors(WINDOWS[0]) | outlook.dead_tills(WINDOWS[0])
    streams = outlook.doors if is_traffic else outlook.tills
    tally = outlook.total([s for s in streams if s not in dead], WINDOWS[0])
    if tally.expected < 6:
        return False
    return (
        tally.ratio < 1.6 if rule in (Rule.TRAFFIC_SPIKE, Rule.SALES_SPIKE) else tally.ratio > 0.7
    )

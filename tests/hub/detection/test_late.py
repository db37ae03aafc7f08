"""Late and foreign readings: they count, train or are left out, and never alarm; cold that was lost
meanwhile is found (R3, R5, R17, R22; EDG-12, TSD-11, ALR-15)."""

import random
from collections.abc import Sequence

import numpy as np
import pytest

from hub.detection.engine import Engine
from hub.detection.findings import Change, Finding, Rule, Severity
from hub.detection.readings import Readings, runs_of, split_late
from hub.detection.slots import SLOT_MS, SLOTS, Slots, StreamKey
from hub.detection.snapshot import dump, load
from tests.hub.detection.watched import START_MS, Watched
from tests.hub.simulated_store import AGENT, STORE, ZONE

AIR = ("cabinet-1", "air_temperature_c")
IN = ("door-1", "in_count")


def readings(series: list[int], t_ms: list[int]) -> Readings:
    size = len(series)
    return Readings(
        np.array(series, np.int32),
        np.array(t_ms, np.int64),
        np.arange(size, dtype=np.float64),
        np.ones(size, np.bool_),
    )


def test_a_reading_is_late_when_a_newer_one_of_its_series_came_before() -> None:
    runs = runs_of(readings([1, 2, 1, 1, 2], [50, 10, 40, 60, 20]))
    on_time, late = split_late(runs, np.array([-1, -1, 15]))
    assert on_time.readings.t_ms.tolist() == [50, 60, 20]
    assert on_time.series.tolist() == [1, 2]
    assert late.readings.t_ms.tolist() == [40, 10]


def test_late_readings_do_not_move_a_detector() -> None:
    store = Watched([AIR])
    store.hold(*AIR, (0, 600, 10), 4.0)
    before = store.engine.series.levels.copy()
    assert store.hold(*AIR, (0, 600, 10), 30.0) == []
    np.testing.assert_array_equal(store.engine.series.levels, before)


def test_late_door_counts_are_counted_in_their_own_quarter() -> None:
    store = Watched([IN])
    store.say(*IN, 5000, 2.0)
    store.say(*IN, 100, 3.0)
    slots = store.engine.trade.slots
    first = START_MS // SLOT_MS
    assert slots.count[0, 0, first % SLOTS] == 3
    assert {slot for _, slot in slots.dirty} >= {first, (START_MS + 5_000_000) // SLOT_MS}


def test_a_ring_forgets_after_twelve_weeks_and_refuses_what_is_older() -> None:
    slots = Slots()
    stream = slots.stream(StreamKey(AGENT, STORE, "door-1", False))
    assert slots.add(stream, 0, 1000, 5)
    assert slots.add(stream, 0, 1000 + SLOTS, 7)
    assert slots.count[stream, 0, 1000 % SLOTS] == 7
    assert not slots.add(stream, 0, 1000, 5)


def test_old_readings_train_and_raise_nothing() -> None:
    store = Watched([AIR])
    hour = [(*AIR, float(second), 9.0) for second in range(0, 3600, 10)]
    assert store.say_all(hour, late_s=86_400) == []
    (found,) = store.say(*AIR, 3610, 9.0)
    assert found.since_ms == START_MS


# an outage: what is new comes first, what was kept comes beside it

FREEZER = ("freezer-1", "air_temperature_c")
DEFROST = ("freezer-1", "defrost_active")
COLD, WARM = -20.0, -5.0
HOUR = 3600
Said = tuple[str, str, float, float]
Spell = tuple[Change, Severity, int, int]


def said(start: int, end: int, warm: Sequence[tuple[int, int]] = (), step: int = 30) -> list[Said]:
    """A freezer from `start` to `end`, too warm in these spans of seconds."""
    times = range(start, end, step)
    return [(*FREEZER, float(t), WARM if any(a <= t < b for a, b in warm) else COLD) for t in times]


def beside(live: list[Said], backlog: list[Said], at_once: int = 1) -> list[Said]:
    """One poll of what is live, and then some of the backlog, until that is empty."""
    found: list[Said] = []
    for place in range(0, len(live), at_once):
        found += [*live[place : place + at_once], *backlog[place * 20 : (place + at_once) * 20]]
    return found


def outage(backlog: list[Said], after: list[Said]) -> list[Said]:
    """An hour of cold, two hours that come late, and what follows them."""
    return [*said(0, HOUR), *beside(after, backlog)]


def told(findings: Sequence[Finding]) -> list[Spell]:
    assert {found.rule for found in findings} <= {Rule.TEMPERATURE_HIGH}
    return [
        (f.change, f.severity, (f.since_ms - START_MS) // 1000, (f.at_ms - START_MS) // 1000)
        for f in findings
    ]


def heard(journal: Sequence[Said], block: int = 50) -> list[Spell]:
    store = Watched([FREEZER, DEFROST])
    return told(store.play(journal, block))


def test_an_excursion_of_an_outage_is_found_as_it_would_have_been_live() -> None:
    warm = [(5400, 7800)]
    undisturbed = heard(said(0, 4 * HOUR, warm))
    assert [change for change, *_ in undisturbed] == [Change.RAISED, Change.CLEARED]
    began, ended = undisturbed[0][2], undisturbed[1][3]
    assert (began, ended) == (5400, 8400)
    journal = outage(said(HOUR, 3 * HOUR, warm), said(3 * HOUR, 5 * HOUR))
    assert heard(journal) == [(Change.PAST, Severity.CRITICAL, began, ended)]


def test_it_goes_on_from_where_the_series_was_lost() -> None:
    """Five minutes before the outage and six in it are enough."""
    warm = [(3300, 3960)]
    live = [*said(0, HOUR, warm), *said(3 * HOUR, 4 * HOUR)]
    journal = [*said(0, HOUR, warm), *beside(live[120:], said(HOUR, 3 * HOUR, warm))]
    assert heard(live) == []
    assert heard(journal) == [(Change.PAST, Severity.CRITICAL, 3300, 4560)]


def test_what_was_told_before_the_outage_is_not_told_again() -> None:
    warm = [(1800, 5400)]
    journal = [*said(0, HOUR, warm), *beside(said(10800, 14400), said(3600, 10800, warm))]
    assert [spell[0] for spell in heard(journal)] == [Change.RAISED, Change.CLEARED]


def test_what_the_outage_leaves_open_ends_where_the_live_readings_began() -> None:
    warm = [(9000, 10800)]
    journal = outage(said(HOUR, 3 * HOUR, warm), said(3 * HOUR, 5 * HOUR))
    assert heard(journal) == [(Change.PAST, Severity.CRITICAL, 9000, 10770)]


def test_time_of_another_outage_does_not_count() -> None:
    """Eight minutes of one and eight of the next are no excursion."""
    journal = [
        *outage(said(HOUR, 2 * HOUR, [(6720, 7200)]), said(2 * HOUR, 3 * HOUR)),
        *beside(said(5 * HOUR, 6 * HOUR), said(3 * HOUR, 5 * HOUR, [(12000, 12480)])),
    ]
    assert heard(journal) == []


def with_defrost(defrost: tuple[int, int], warm: Sequence[tuple[int, int]]) -> list[Said]:
    """The same outage with a state of defrost beside each temperature."""

    def both(air: list[Said]) -> list[Said]:
        begin, end = defrost
        return [one for r in air for one in ((*DEFROST, r[2], float(begin <= r[2] < end)), r)]

    backlog, live = both(said(HOUR, 3 * HOUR, warm)), both(said(3 * HOUR, 5 * HOUR))
    return [*both(said(0, HOUR)), *beside(live, backlog, 2)]


def test_a_defrost_of_the_outage_excuses_what_defrosts_do() -> None:
    warm = [(5400, 7200)]
    assert heard(with_defrost((5400, 6600), warm)) == []
    assert heard(with_defrost((3000, 4200), [(3600, 5400)])) == []  # it began before
    assert [spell[0] for spell in heard(with_defrost((300, 600), warm))] == [Change.PAST]


@pytest.mark.parametrize("seed", range(4))
def test_any_blocks_and_restarts_find_the_same(seed: int) -> None:
    rng = random.Random(seed)
    first = outage(said(HOUR, 3 * HOUR, [(5400, 7800), (9000, 10800)]), said(10800, 14400))
    again = beside(said(21600, 28800), said(14400, 21600, [(15000, 16500), (20400, 23000)]))
    journal = [*first, *again]
    expected = heard(journal, block=1)
    assert [change for change, *_ in expected].count(Change.PAST) == 4
    store, at, found = Watched([FREEZER, DEFROST]), 0, []
    while at < len(journal):
        size = rng.choice((1, 7, 40, 400))
        found += store.say_all(journal[at : at + size])
        at += size
        fresh = Engine(store.catalog, lambda _: ZONE)
        load(fresh, dump(store.engine))
        store.engine = fresh
    assert told(found) == expected


def test_a_store_that_was_never_lost_keeps_no_lane() -> None:
    store = Watched([FREEZER, AIR])
    store.play(said(0, HOUR))
    assert len(store.engine.late.series) == 0

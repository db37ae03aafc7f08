"""Footfall with its coverage: nobody is never taken for no data (TSD-03, TSD-04, TSD-11)."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from hub.analytics import footfall, tiles
from hub.analytics.footfall import SLOT, SlotCount
from hub.analytics.tiles import Figure
from tests.hub.analytics.conftest import AT, DAY, Register, ticket

MIDNIGHT = datetime(2026, 3, 16, 16, tzinfo=UTC)  # of Tuesday, in Shanghai
HOUR = timedelta(hours=1)


def write(register: Register, slots: Iterable[tuple[datetime, int, int, float]]) -> None:
    with register.chain.db.system("test") as connection:
        rows = [SlotCount(register.chain.id, register.store_id, "door-1", *slot) for slot in slots]
        footfall.write(connection, rows)


@pytest.fixture
def a_day(register: Register) -> Register:
    """Open from 8:00 to 20:00; 10 come in and leave 15 minutes later, in every quarter."""
    eight, quarters = MIDNIGHT + 8 * HOUR, 48
    slots = [(MIDNIGHT + n * SLOT, 0, 0, 1.0) for n in range(96)]
    slots += [
        (eight + n * SLOT, 10 if n < quarters else 0, 10 if n else 0, 1.0)
        for n in range(quarters + 1)
    ]
    write(register, slots)
    return register


def test_writing_a_slot_again_replaces_it(register: Register) -> None:
    write(register, [(AT, 3, 1, 0.5)])
    write(register, [(AT, 7, 2, 1.0)])
    with register.chain.read() as session:
        (flow,) = footfall.flows(session, register.clock, [AT, AT + SLOT])
    assert (flow.entries, flow.exits, flow.coverage) == (7, 2, 1.0)


def test_an_hour_without_counters_is_unknown_not_zero(register: Register) -> None:
    write(register, [(AT, 0, 0, 1.0), (AT + SLOT, 0, 0, 0.0)])
    with register.chain.read() as session:
        known, blind, none = footfall.flows(
            session, register.clock, [AT, AT + SLOT, AT + 2 * SLOT, AT + 3 * SLOT]
        )
    assert (known.entries, known.coverage) == (0, 1.0)
    assert (blind.entries, blind.coverage) == (None, 0.0)
    assert none.entries is None


def test_entries_summed_up_by_the_database_are_those_of_the_flows(a_day: Register) -> None:
    """All doors together; and what no counter saw is unknown."""
    write(a_day, [(MIDNIGHT + 30 * HOUR, 4, 0, 0.0)])
    edges = [MIDNIGHT + n * HOUR for n in range(-2, 40)]
    with a_day.chain.read() as session:
        found = footfall.entries(session, a_day.clock, edges)
        flows = footfall.flows(session, a_day.clock, edges)
    assert [None if math.isnan(one) else one for one in found] == [one.entries for one in flows]
    assert 40 in found
    assert math.isnan(found[0])


def test_dwell_time_is_people_present_over_arrivals(a_day: Register) -> None:
    noon = MIDNIGHT + 12 * HOUR
    with a_day.chain.read() as session:
        (flow,) = footfall.flows(session, a_day.clock, [noon, noon + HOUR])
    assert flow.entries == flow.exits == 40
    assert flow.occupancy == pytest.approx(10)
    assert flow.dwell_min == pytest.approx(15)


def test_people_present_now_and_nobody_after_closing(a_day: Register) -> None:
    with a_day.chain.read() as session:
        at_noon = footfall.occupancy(session, a_day.clock, MIDNIGHT + 12 * HOUR)
        write_later = footfall.occupancy(session, a_day.clock, MIDNIGHT + 23 * HOUR)
    assert (at_noon.people, at_noon.coverage) == (10, 1.0)
    assert write_later.people == 0


def test_the_heatmap_averages_by_weekday_and_hour(a_day: Register) -> None:
    write(
        a_day,
        [(MIDNIGHT - timedelta(days=7) + 12 * HOUR + n * SLOT, 20, 20, 1.0) for n in (0, 1, 2, 3)],
    )
    write(
        a_day,
        [(MIDNIGHT - timedelta(days=6) + 12 * HOUR + n * SLOT, 99, 0, 0.1) for n in (0, 1, 2, 3)],
    )
    now = MIDNIGHT + timedelta(days=1)
    with a_day.chain.read() as session:
        found = footfall.heatmap(session, a_day.clock, now)
    tuesday, wednesday = 1, 2
    assert found.entries[tuesday][12] == pytest.approx((40 + 80) / 2)
    assert found.entries[tuesday][3] == 0
    assert found.entries[wednesday][12] is None
    assert found.coverage[wednesday][12] < 0.1
    assert found.entries[4][12] is None


def test_tiles_say_how_old_and_how_sure_they_are(a_day: Register) -> None:
    week = timedelta(weeks=1)
    opening = timedelta(days=8)
    a_day.ring_up(ticket("1", 500), ticket("9", 1000, AT - week, day=DAY - week))
    a_day.ring_up(ticket("2", 700, AT - opening, day=DAY - opening))
    write(a_day, [(MIDNIGHT - week + 8 * HOUR + n * SLOT, 5, 5, 1.0) for n in range(-32, 48)])
    now = MIDNIGHT + 12 * HOUR
    with a_day.chain.read() as session:
        found = {tile.figure: tile for tile in tiles.tiles(session, a_day.clock, now)}
    assert (found[Figure.REVENUE].value, found[Figure.REVENUE].usual) == (500, 1000)
    assert found[Figure.REVENUE].as_of == AT
    assert (found[Figure.VISITORS].value, found[Figure.VISITORS].usual) == (160, 240)
    assert found[Figure.CONVERSION].value == pytest.approx(1 / 160)
    assert found[Figure.OCCUPANCY].as_of == now
    assert not found[Figure.VISITORS].is_stale
    with a_day.chain.read() as session:
        later = tiles.tiles(session, a_day.clock, now + timedelta(days=1))
    assert {tile.value for tile in later if tile.figure is Figure.VISITORS} == {None}
    assert all(tile.is_stale for tile in later if tile.figure is Figure.OCCUPANCY)

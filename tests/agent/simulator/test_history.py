"""History: a minute apart, in the agent's own words, and the live store goes on from it."""

import itertools
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from agent.simulator.history import history
from agent.simulator.model import StoreModel
from agent.simulator.plant import MODBUS_UNITS
from protocols.metrics import METRICS, Kind
from protocols.pos.ticket import Ticket
from protocols.reading import Reading

HOURS = 26
MONDAY = datetime(2026, 11, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
MakeStore = Callable[..., StoreModel]


def test_about_eighty_series_have_one_reading_a_minute(a_day: list[Reading]) -> None:
    counts = Counter((reading.device, reading.metric) for reading in a_day)
    polled = {
        series: count
        for series, count in counts.items()
        if METRICS[series[1]].kind is not Kind.DOCUMENT
    }
    assert set(polled.values()) == {HOURS * 60}
    assert 75 <= len(counts) <= 85
    for unit in MODBUS_UNITS:
        assert {metric for device, metric in polled if device == unit.device} >= set(
            unit.profile.metrics
        )


def test_stamps_of_one_series_strictly_increase(a_day: list[Reading]) -> None:
    stamps: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for reading in a_day:
        stamps[reading.device, reading.metric].append(reading.time)
    for series, times in stamps.items():
        assert all(a < b for a, b in itertools.pairwise(times)), series


def test_tickets_are_the_documents_that_tills_send(a_day: list[Reading]) -> None:
    tickets = [r for r in a_day if r.metric == "ticket" and isinstance(r.value, str)]
    assert len(tickets) > 100
    for reading in tickets:
        ticket = Ticket.model_validate(json.loads(str(reading.value)))
        assert ticket.till == reading.device


def test_the_live_store_goes_on_where_history_ends(store: MakeStore) -> None:
    model = store()
    end = MONDAY + timedelta(hours=12, seconds=30)
    *_, last = history(model, end)
    totals = {r.metric: r.value for r in last if r.device == "door-1"}
    assert model.now == MONDAY + timedelta(hours=12)
    assert model.door_in_total == totals["in_total"]


def test_a_day_is_made_in_a_fraction_of_its_budget(store: MakeStore) -> None:
    """Budget: 14 days in 20 s on a slow core."""
    began = time.process_time()
    end = MONDAY + timedelta(days=1)
    assert sum(len(minute) for minute in history(store(), end)) > 100_000
    assert (time.process_time() - began) * 14 < 20

"""The simulated store: consistent with itself, the same for the same seed (OPS-07)."""

import statistics
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.simulator.model import Passage, StoreModel
from agent.simulator.scenario import POWER_CUT_S, Scenario
from protocols.metrics import METRICS
from protocols.pos.ticket import Ticket, TicketKind

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 9, tzinfo=SHANGHAI)
NOON = MONDAY + timedelta(hours=12)
MakeStore = Callable[..., StoreModel]


def series(
    model: StoreModel, device: str, metric: str, minutes: int, step_s: int = 60
) -> list[float]:
    values = []
    for _ in range(minutes * 60 // step_s):
        model.advance(model.now + timedelta(seconds=step_s))
        values.append(model.readings()[device][metric])
    return values


def test_the_same_seed_lives_the_same_day_and_another_seed_does_not(store: MakeStore) -> None:
    first, again, other = store(), store(), store(seed=8)
    for model in (first, again, other):
        model.advance(NOON)
    assert first.readings() == again.readings()
    assert first.take_events() == again.take_events()
    assert first.readings() != other.readings()


def test_a_store_looked_at_from_noon_sold_the_same_in_the_afternoon(store: MakeStore) -> None:
    whole, late = store(), store(NOON)
    whole.advance(NOON)
    whole.take_events()
    for model in (whole, late):
        model.advance(NOON + timedelta(hours=3))
    assert whole.take_events() == late.take_events()


def test_every_metric_is_in_the_vocabulary_and_in_its_range(store: MakeStore) -> None:
    model = store(NOON)
    for metrics in model.readings().values():
        for name, value in metrics.items():
            metric = METRICS[name]
            assert metric.minimum is None or value >= metric.minimum, name
            assert metric.maximum is None or value <= metric.maximum, name


@pytest.mark.parametrize(
    ("device", "low_c", "high_c"), [("cabinet-1", 1.5, 10.0), ("freezer-1", -23.0, -9.0)]
)
def test_a_healthy_machine_cycles_and_defrosts_around_its_setpoint(
    device: str, low_c: float, high_c: float, store: MakeStore
) -> None:
    model = store()
    starts = model.cold[device].starts
    air = series(model, device, "air_temperature_c", 24 * 60)
    assert low_c < min(air)
    assert max(air) < high_c
    assert statistics.fmean(air) == pytest.approx(model.cold[device].spec.setpoint_c, abs=0.6)
    assert 40 <= model.cold[device].starts - starts <= 150


def test_the_meter_counts_what_it_shows(store: MakeStore) -> None:
    model = store()
    before = model.meter.energy_kwh
    power = series(model, "meter-1", "power_w", 24 * 60)
    used_kwh = model.meter.energy_kwh - before
    assert used_kwh == pytest.approx(statistics.fmean(power) * 24 / 1000, rel=0.03)
    assert model.readings()["meter-1"]["power_w"] == pytest.approx(
        sum(model.readings()["meter-1"][f"power_l{phase}_w"] for phase in (1, 2, 3))
    )


def test_tickets_follow_visitors_and_everybody_goes_home(store: MakeStore) -> None:
    model = store()
    entries, exits = model.door_in_total, model.door_out_total
    model.advance(MONDAY + timedelta(hours=24))
    events = model.take_events()
    side = Counter(event.is_in for event in events if isinstance(event, Passage))
    visitors = model.door_in_total - entries + side[True]
    assert visitors == model.door_out_total - exits + side[False]
    tickets = [event for event in events if isinstance(event, Ticket)]
    sales = [ticket for ticket in tickets if ticket.kind is TicketKind.SALE]
    assert 0.5 < len(sales) / visitors < 0.75
    assert {ticket.till for ticket in tickets} == {"till-1", "till-2"}
    assert len({ticket.key for ticket in tickets}) == len(tickets)
    assert all(7 <= ticket.at.astimezone(SHANGHAI).hour <= 23 for ticket in tickets)


def test_a_weekend_and_a_festival_differ_from_a_working_day(store: MakeStore) -> None:
    def visitors(day: datetime) -> int:
        model = store(day)
        before = model.door_in_total
        model.advance(day + timedelta(days=1))
        return model.door_in_total - before

    working_day = visitors(datetime(2026, 2, 6, tzinfo=SHANGHAI))
    assert visitors(datetime(2026, 2, 18, tzinfo=SHANGHAI)) < 0.8 * working_day


def test_freezer_drift_is_warm_within_minutes_though_the_compressor_runs_on(
    store: MakeStore,
) -> None:
    model = store(NOON)
    model.begin(Scenario.FREEZER_DRIFT)
    air = series(model, "freezer-1", "air_temperature_c", 6)
    assert air[-1] > -14
    assert model.readings()["freezer-1"]["compressor_running"] == 1
    model.begin(Scenario.NORMAL)
    assert series(model, "freezer-1", "air_temperature_c", 240)[-1] < -17


def test_door_left_open_warms_one_cabinet_only(store: MakeStore) -> None:
    model = store(NOON)
    model.begin(Scenario.DOOR_LEFT_OPEN)
    assert series(model, "cabinet-1", "air_temperature_c", 20)[-1] > 8
    assert model.readings()["cabinet-1"]["door_open"] == 1
    assert model.readings()["cabinet-2"]["air_temperature_c"] < 8


def test_a_dead_counter_stands_still_while_people_buy(store: MakeStore) -> None:
    model = store(NOON)
    model.begin(Scenario.DEAD_COUNTER)
    assert len(set(series(model, "door-1", "in_total", 120))) == 1
    assert sum(isinstance(event, Ticket) for event in model.take_events()) > 20


def test_a_sales_drop_leaves_the_doors_busy(store: MakeStore) -> None:
    usual, dropped = store(NOON), store(NOON)
    dropped.begin(Scenario.SALES_DROP)
    counts = []
    for model in (usual, dropped):
        model.advance(NOON + timedelta(hours=4))
        events = model.take_events()
        counts.append(sum(isinstance(event, Ticket) for event in events))
    assert counts[1] < 0.3 * counts[0]
    assert usual.door_in_total == dropped.door_in_total


def test_a_power_cut_silences_everything_and_passes(store: MakeStore) -> None:
    model = store(NOON)
    model.begin(Scenario.POWER_CUT)
    model.take_events()
    energy_kwh = model.meter.energy_kwh
    model.advance(NOON + timedelta(seconds=POWER_CUT_S - 1))
    assert model.readings() == {}
    assert model.take_events() == []
    assert model.meter.energy_kwh == energy_kwh
    model.advance(NOON + timedelta(seconds=POWER_CUT_S + 1))
    assert model.readings()["cabinet-1"]["air_temperature_c"] > 5


def test_time_is_utc(store: MakeStore) -> None:
    model = store(NOON)
    assert model.now == NOON
    assert model.now.tzinfo is UTC

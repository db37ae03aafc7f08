"""What a strange count means: dead, quiet, drop or rush (TSD-06, ALR-06)."""

import copy
from collections.abc import Callable
from uuid import UUID

import numpy as np
import pytest

from hub.detection.findings import Change, Finding, Rule
from hub.detection.planned import Planned
from hub.detection.profile import DAY_SLOTS
from hub.detection.slots import SLOT_MS, Slots, StreamKey
from hub.detection.trade import Trade, week_slots
from tests.hub.simulated_store import AGENT, STORE, ZONE

SHARES = {"door-1": 1.0, "door-2": 1.0, "till-1": 1.0, "till-2": 1.0}
BUSY = {"door-1": 9.0, "door-2": 4.0, "till-1": 5.0, "till-2": 3.0}  # a quarter of an hour
FIRST = (
    1_772_985_600_000 // SLOT_MS
)  # Monday 2026-03-09, 0:00 in Shanghai; three weeks without holidays
NOON = 48
Factor = Callable[[str], float]


class Shop:
    """Four counters over quarters of an hour; open from 8 to 20."""

    def __init__(self) -> None:
        self.plans: list[Planned] = []
        self.trade = Trade(lambda _: ZONE, self.planned)
        self.slot = FIRST
        self.rng = np.random.default_rng(1)
        self.streams = {
            name: self.trade.slots.stream(StreamKey(AGENT, STORE, name, name.startswith("till")))
            for name in BUSY
        }

    def planned(self, _store: UUID) -> list[Planned]:
        return self.plans

    def run(
        self,
        slots: int,
        factor: Factor = lambda _: 1.0,
        shares: dict[str, float] | None = None,
        delay_ms: int = 1000,
    ) -> list[Finding]:
        found: list[Finding] = []
        for _ in range(slots):
            hour = (self.slot - FIRST) % DAY_SLOTS // 4
            for name, usual in BUSY.items() if 8 <= hour < 20 else ():
                for channel in (0, 1) if name.startswith("door") else (0,):
                    people = int(self.rng.poisson(usual * factor(name)))
                    self.trade.slots.add(self.streams[name], channel, self.slot, people)
            received_ms = (self.slot + 1) * SLOT_MS + delay_ms
            given = SHARES if shares is None else shares
            found += self.trade.close_slot(AGENT, self.slot, given, received_ms)
            self.slot += 1
        return found


@pytest.fixture(scope="module")
def trained() -> Shop:
    """A shop after three weeks, Monday noon."""
    shop = Shop()
    assert shop.run(21 * DAY_SLOTS) == []
    assert shop.run(NOON) == []
    return shop


def rules(found: list[Finding]) -> list[tuple[Change, str, Rule]]:
    return [(finding.change, finding.source, finding.rule) for finding in found]


def test_fewer_visitors_and_fewer_tickets_are_a_traffic_drop(trained: Shop) -> None:
    shop = copy.deepcopy(trained)
    found = shop.run(12, lambda _: 0.25)
    assert rules(found) == [(Change.RAISED, "store", Rule.TRAFFIC_DROP)]
    assert found[0].evidence.observed is not None
    assert found[0].evidence.expected is not None
    assert found[0].evidence.observed < 0.5 * found[0].evidence.expected
    assert rules(shop.run(8)) == [(Change.CLEARED, "store", Rule.TRAFFIC_DROP)]


def planned(shop: Shop, days: int, factor: float | None) -> Planned:
    start_ms = shop.slot * SLOT_MS
    return Planned(start_ms, start_ms + days * DAY_SLOTS * SLOT_MS, factor)


@pytest.mark.parametrize("came", [1.0, 2.0, 2.4])
def test_what_a_promotion_brings_or_does_not_is_no_anomaly(trained: Shop, came: float) -> None:
    """TSD-06, ALR-03: twice the visitors are expected; a little more or no more alarm nobody."""
    shop = copy.deepcopy(trained)
    shop.plans.append(planned(shop, 1, 2.0))
    assert shop.run(28, lambda _: came) == []


def test_a_promotion_hides_no_real_drop_and_teaches_nothing(trained: Shop) -> None:
    shop = copy.deepcopy(trained)
    shop.plans.append(planned(shop, 1, None))
    assert rules(shop.run(12, lambda _: 0.1))[0][2] is Rule.TRAFFIC_DROP
    taught = copy.deepcopy(trained)
    taught.plans.append(planned(taught, 1, 3.0))
    taught.run(2 * DAY_SLOTS, lambda _: 3.0)
    before, after = (one.trade.profile(shop.streams["door-1"], 0) for one in (trained, taught))
    assert before is not None
    assert after is not None
    assert after.mean.sum() == pytest.approx(before.mean.sum(), rel=0.35)


def test_many_more_visitors_are_a_spike(trained: Shop) -> None:
    found = copy.deepcopy(trained).run(8, lambda name: 3.0 if name.startswith("door") else 1.4)
    assert rules(found) == [(Change.RAISED, "store", Rule.TRAFFIC_SPIKE)]


def test_visitors_who_do_not_buy_are_a_sales_drop(trained: Shop) -> None:
    found = copy.deepcopy(trained).run(10, lambda name: 0.1 if name.startswith("till") else 1.0)
    assert rules(found) == [(Change.RAISED, "store", Rule.SALES_DROP)]


def test_one_dead_counter_and_then_alive_again(trained: Shop) -> None:
    shop = copy.deepcopy(trained)
    found = shop.run(8, lambda name: 0.0 if name == "door-1" else 1.0)
    assert rules(found) == [(Change.RAISED, "door-1", Rule.COUNTER_DEAD)]
    assert rules(shop.run(2)) == [(Change.CLEARED, "door-1", Rule.COUNTER_DEAD)]


def test_a_till_without_tickets_beside_one_that_sells(trained: Shop) -> None:
    found = copy.deepcopy(trained).run(10, lambda name: 0.0 if name == "till-1" else 1.2)
    assert rules(found) == [(Change.RAISED, "till-1", Rule.TILL_SILENT)]


def test_nobody_at_all_is_a_quiet_store_not_dead_counters(trained: Shop) -> None:
    shop = copy.deepcopy(trained)
    found = shop.run(8, lambda _: 0.0)
    assert rules(found) == [(Change.RAISED, "store", Rule.STORE_QUIET)]
    assert rules(shop.run(3)) == [(Change.CLEARED, "store", Rule.STORE_QUIET)]


def test_counters_that_cannot_count_are_not_judged(trained: Shop) -> None:
    shares = dict.fromkeys(SHARES, 0.0)
    assert copy.deepcopy(trained).run(16, lambda _: 0.0, shares) == []


def test_a_night_says_nothing_and_a_dead_counter_stays_dead(trained: Shop) -> None:
    shop = copy.deepcopy(trained)
    before_opening = shop.run(DAY_SLOTS - (shop.slot - FIRST) % DAY_SLOTS + 32)
    assert before_opening == []
    dead = shop.run(8, lambda name: 0.0 if name == "door-1" else 1.0)
    assert rules(dead) == [(Change.RAISED, "door-1", Rule.COUNTER_DEAD)]
    overnight = shop.run(DAY_SLOTS, lambda name: 0.0 if name == "door-1" else 1.0)
    assert overnight == []


def test_what_was_over_when_the_hub_heard_of_it_tells_nobody(trained: Shop) -> None:
    shop = copy.deepcopy(trained)
    a_day = 86_400_000
    assert shop.run(8, lambda _: 0.25, delay_ms=a_day) == []
    assert shop.run(12, delay_ms=a_day) == []
    assert shop.trade.standing == {}


def test_a_strange_week_is_not_learned(trained: Shop) -> None:
    shop = copy.deepcopy(trained)
    stream = shop.streams["door-1"]
    before = shop.trade.profiles[stream, 0].mean.sum()
    shop.run(7 * DAY_SLOTS, lambda name: 0.0 if name == "door-1" else 1.0)
    after = shop.trade.profiles[stream, 0].mean.sum()
    assert after == pytest.approx(before, rel=0.1)


def test_a_slot_of_the_week_is_the_stores_own() -> None:
    noon_in_shanghai = FIRST + NOON
    assert week_slots(np.array([noon_in_shanghai]), ZONE).tolist() == [NOON]


def test_after_twelve_weeks_a_count_is_held_against_the_same_hour_of_other_weeks(
    trained: Shop,
) -> None:
    shop = copy.deepcopy(trained)
    assert shop.trade.usual[0].usual.seen == 0
    normal = shop.run(12 * 7 * DAY_SLOTS)
    habit = shop.trade.usual[0].usual
    assert habit.seen > 800  # holidays are held against nothing
    assert len(normal) <= 1
    found = shop.run(3, lambda name: 4.0 if name.startswith("door") else 1.0)
    assert Rule.TRAFFIC_SPIKE in {finding.rule for finding in found}


def test_a_counter_remembers_24_weeks_in_40_kilobytes() -> None:
    slots = Slots()
    slots.stream(StreamKey(AGENT, STORE, "door-1", False))
    stream = slots.count[0].nbytes + slots.covered[0].nbytes
    assert stream / 2 <= 40 * 1024  # entries and exits are a series each
    assert slots.count.shape[2] == 24 * 7 * DAY_SLOTS


def test_what_is_disowned_stays_covered() -> None:
    slots = Slots()
    stream = slots.stream(StreamKey(AGENT, STORE, "door-1", False))
    cells = np.array([7, 8])
    slots.cover(stream, 8, 0.5)
    slots.disown([stream], cells)
    slots.cover(stream, 7, 1.0)
    assert slots.share(stream, cells).tolist() == [1.0, 0.5]
    assert slots.is_odd(stream, np.array([6, 7, 8])).tolist() == [False, True, True]

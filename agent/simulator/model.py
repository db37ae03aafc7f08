"""A whole store in simulated time: pure, seeded, no clock, no I/O.

Door openings follow customers, tickets follow visitors, the meter sums what the machines draw.
Every part draws from its own stream of random numbers, and noise of sensors from another, so
how often a store is looked at does not change what happens in it.
"""

import heapq
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from agent.simulator.baskets import Basket, Shopper, Till
from agent.simulator.climate import Climate
from agent.simulator.meter import Loads, Meter
from agent.simulator.refrigeration import CABINET, FREEZER, ColdUnit
from agent.simulator.scenario import FAULT_RAMP_S, POWER_CUT_S, SALES_DROP_KEEPS, Scenario
from agent.simulator.visitors import Trade, Visit, day_start_s, next_day, visits_of
from agent.simulator.weather import Weather
from protocols.pos.ticket import Ticket

MAX_STEP_S = 10.0
_COLD_PHASE = {"cabinet-1": 0, "cabinet-2": 0, "freezer-1": 1}


@dataclass(frozen=True, slots=True)
class Passage:
    """One person through one door (1 front, 2 side)."""

    at_s: float
    door: int
    is_in: bool


@dataclass(frozen=True, slots=True)
class _Opening:
    cabinet: str
    seconds: float


@dataclass(frozen=True, slots=True)
class _Checkout:
    basket: Basket


class StoreModel:
    """`advance` moves time, `readings` looks, `take_events` empties what happened meanwhile."""

    def __init__(
        self, seed: int, zone: ZoneInfo, start: datetime, trade: Trade | None = None
    ) -> None:
        self._seed = seed
        self._zone = zone
        self.trade = trade or usual_trade(seed)
        self._weather = Weather(seed, zone)
        self.cold = {
            "cabinet-1": ColdUnit(CABINET, self._rng("cabinet-1")),
            "cabinet-2": ColdUnit(CABINET, self._rng("cabinet-2")),
            "freezer-1": ColdUnit(FREEZER, self._rng("freezer-1")),
        }
        self.meter = Meter(self._rng("meter-1"))
        self._tills = [Till(name, zone, self._rng(name)) for name in ("till-1", "till-2")]
        self._shopper = Shopper()
        self._choices = self._rng("choices")
        self._scenario = Scenario.NORMAL
        self._scenario_since_s = 0.0
        self._loads = Loads()
        self._gain_w = 2_000.0
        self.people = 0
        totals = self._rng("door-1")
        self.door_in_total = totals.randrange(120_000, 400_000)
        self.door_out_total = self.door_in_total - totals.randrange(40, 400)
        self._pending: list[tuple[float, int, Passage | _Opening | _Checkout]] = []
        self._pushed = 0
        self._events: list[Passage | Ticket] = []
        day = start.astimezone(zone).date()
        self._now_s = day_start_s(day, zone)
        self._is_open = False
        self.climate = Climate(self._rng("hvac-1"), self._weather.outdoor_c(self._now_s))
        self._begin_day(day)
        self.advance(start)  # a store's morning happens before anybody looks
        self._events.clear()

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self._now_s, UTC)

    @property
    def scenario(self) -> Scenario:
        return self._scenario

    def begin(self, scenario: Scenario) -> None:
        """Start `scenario` now; it ends what another one did."""
        self._scenario = scenario
        self._scenario_since_s = self._now_s
        self.cold["cabinet-1"].is_door_held_open = scenario is Scenario.DOOR_LEFT_OPEN
        self.cold["freezer-1"].fault = 0.0

    def advance(self, to: datetime) -> None:
        end_s = to.timestamp()
        while self._now_s < end_s:
            step_end_s = min(end_s, self._now_s + MAX_STEP_S, self._day_end_s)
            dt = step_end_s - self._now_s
            self._now_s = step_end_s
            pending = self._pending
            while pending and pending[0][0] <= step_end_s:
                at_s, _, happening = heapq.heappop(pending)
                self._happen(at_s, happening)
            self._step_machines(dt)
            if step_end_s >= self._day_end_s:
                self._begin_day(next_day(self._day))

    def readings(self) -> dict[str, Mapping[str, float]]:
        """Every metric of every device that answers now; the side door speaks by events."""
        if not self.is_powered:
            return {}
        values: dict[str, Mapping[str, float]] = {
            name: unit.readings() for name, unit in self.cold.items()
        }
        values["hvac-1"] = self.climate.readings()
        values["meter-1"] = self.meter.readings(self._loads)
        values["door-1"] = {
            "in_total": float(self.door_in_total),
            "out_total": float(self.door_out_total),
        }
        return values

    def take_events(self) -> list[Passage | Ticket]:
        events = self._events
        self._events = []
        return events

    @property
    def is_powered(self) -> bool:
        is_cut = self._scenario is Scenario.POWER_CUT
        return not (is_cut and self._now_s - self._scenario_since_s < POWER_CUT_S)

    def _rng(self, part: str) -> random.Random:
        return random.Random(f"{self._seed}:{part}")

    def _begin_day(self, day: date) -> None:
        self._day = day
        self._day_start_s = day_start_s(day, self._zone)
        self._day_end_s = day_start_s(next_day(day), self._zone)
        rng = random.Random(f"{self._seed}:day:{day.isoformat()}")
        for visit in visits_of(day, self._zone, self.trade, rng):
            self._plan(visit, rng)

    def _plan(self, visit: Visit, rng: random.Random) -> None:
        self._push(visit.enter_s, Passage(visit.enter_s, visit.door_in, True))
        self._push(visit.leave_s, Passage(visit.leave_s, visit.door_out, False))
        if not visit.is_buying:
            if rng.random() < 0.08:  # looks, and takes nothing
                self._push(visit.enter_s + 15, _Opening("cabinet-1", rng.uniform(4, 9)))
            return
        hour = int((visit.enter_s - self._day_start_s) // 3600) % 24
        basket = self._shopper.basket(hour, rng)
        stay_s = visit.leave_s - visit.enter_s
        for cabinet in sorted(basket.cabinets()):
            at_s = visit.enter_s + stay_s * rng.uniform(0.15, 0.6)
            self._push(at_s, _Opening(cabinet, rng.uniform(5, 16)))
        self._push(visit.leave_s - min(20.0, stay_s * 0.2), _Checkout(basket))

    def _push(self, at_s: float, happening: Passage | _Opening | _Checkout) -> None:
        self._pushed += 1  # orders what happens at one instant
        heapq.heappush(self._pending, (at_s, self._pushed, happening))

    def _happen(self, at_s: float, happening: Passage | _Opening | _Checkout) -> None:
        match happening:
            case Passage():
                self._pass(happening)
            case _Opening(cabinet, seconds):
                self.cold[cabinet].open_door(seconds)
            case _Checkout(basket):
                self._check_out(basket, at_s)

    def _pass(self, passage: Passage) -> None:
        self.people = max(0, self.people + (1 if passage.is_in else -1))
        if not self.is_powered:
            return
        if passage.door == 2:
            self._events.append(passage)
        elif self._scenario is not Scenario.DEAD_COUNTER:
            if passage.is_in:
                self.door_in_total += 1
            else:
                self.door_out_total += 1

    def _check_out(self, basket: Basket, at_s: float) -> None:
        choices = self._choices
        till = self._tills[0 if choices.random() < 0.62 else 1]
        keeps = choices.random() < SALES_DROP_KEEPS
        if self.is_powered and (keeps or self._scenario is not Scenario.SALES_DROP):
            self._events.extend(till.ring_up(basket, at_s))

    def _step_machines(self, dt: float) -> None:
        is_powered = self.is_powered
        hour = (self._now_s - self._day_start_s) / 3600
        self._is_open = self.trade.opens_at_h - 0.5 <= hour < self.trade.closes_at_h + 0.25
        if self._scenario is Scenario.FREEZER_DRIFT:
            age_s = self._now_s - self._scenario_since_s
            self.cold["freezer-1"].fault = min(1.0, age_s / FAULT_RAMP_S)
        room_c = self.climate.room_c
        for unit in self.cold.values():
            unit.step(dt, room_c, is_powered)
        outdoor_c = self._weather.outdoor_c(self._now_s)
        is_served = self._is_open and is_powered
        self.climate.step(dt, outdoor_c, self.people, is_served, self._gain_w)
        self._loads = self._sum_loads() if is_powered else Loads()
        self.meter.step(dt, self._loads)

    def _sum_loads(self) -> Loads:
        loads = Loads()
        for name, unit in self.cold.items():
            loads.add(_COLD_PHASE[name], unit.power_w(), is_motor=True)
        lamps_w, kitchen_w = (2_350.0, 1_650.0) if self._is_open else (310.0, 60.0)
        loads.spread(lamps_w)
        loads.add(2, kitchen_w + 14.0 * self.people)
        loads.spread(540.0 + self.meter.flicker_w)
        self._gain_w = 0.85 * loads.total_w
        loads.spread(self.climate.power_w(), is_motor=True)
        return loads


def usual_trade(seed: int) -> Trade:
    """A convenience store of ordinary size; each seed a little different."""
    rng = random.Random(f"{seed}:trade")
    return Trade(
        visitors_a_day=rng.uniform(480, 760),
        conversion=rng.uniform(0.58, 0.68),
        opens_at_h=7,
        closes_at_h=23,
    )
